// SPDX-License-Identifier: GPL-3.0-or-later
#include "codec/checked_size.h"
#include "codec/correction.h"
#include "codec/input_statistics.h"
#include "codec/packed_numbers.h"
#include "codec/row_blocks.h"
#include "codec/value_kernels.h"

#include <algorithm>
#include <bit>
#include <limits>
#include <numeric>
#include <string>
#include <vector>

namespace planish {
namespace {

/// How the places of a row are stored; the same for all rows of a tensor.
enum class MaskKind { bitmap, shortList, longList };

struct Mask {
    std::size_t count = 0; ///< of pruned weights in a row
    MaskKind kind = MaskKind::bitmap;
    std::size_t rowBytes = 0;
};

[[noreturn]] void fail(const std::string& expected, const std::string& found) {
    throw InputError("packed tensor", "sparse", expected, found);
}

void writePlaces(const Mask& mask, std::span<const std::uint32_t> places, std::span<std::byte> out) {
    for (std::size_t i = 0; i < places.size(); ++i) {
        if (mask.kind == MaskKind::bitmap) {
            out[places[i] / 8] |= std::byte{1} << (places[i] % 8);
        } else if (mask.kind == MaskKind::shortList) {
            store(out, i, static_cast<std::uint16_t>(places[i]));
        } else {
            store(out, i, places[i]);
        }
    }
}

/// Sets the columns of a bitmap to 0, which must be `count` and within the row.
void applyBitmap(std::span<const std::byte> in, std::size_t count, std::span<float> row) {
    if (const std::size_t left = row.size() % 8; left != 0) {
        const unsigned beyond = std::to_integer<unsigned>(in.back()) >> left;
        if (beyond != 0) {
            const std::size_t column = row.size() + static_cast<std::size_t>(std::countr_zero(beyond));
            fail("columns within the row", "column " + std::to_string(column));
        }
    }
    std::size_t found = 0;
    for (const std::byte bits : in) {
        found += static_cast<std::size_t>(std::popcount(std::to_integer<unsigned>(bits)));
    }
    if (found != count) {
        fail(std::to_string(count) + " columns in each row", std::to_string(found));
    }
    clearColumns(in, row);
}

/// The same for a list, whose columns must rise.
template <typename Column>
void applyList(std::span<const std::byte> in, std::size_t count, std::span<float> row) {
    std::size_t next = 0;
    for (std::size_t i = 0; i < count; ++i) {
        const std::size_t column = load<Column>(in, i);
        if (column < next || column >= row.size()) {
            fail("columns that rise within the row", "column " + std::to_string(column));
        }
        row[column] = 0;
        next = column + 1;
    }
}

class Pruning final : public Correction {
  public:
    explicit Pruning(std::uint32_t partsPerMillion) : partsPerMillion_(partsPerMillion) {}

    std::size_t packedBytes(Shape shape) const override {
        return checkedMultiply(shape.rows, maskOf(shape.columns).rowBytes);
    }

    void takeOut(MutableMatrixView weights, const EncodeContext& context,
                 std::span<std::byte> section) const override {
        const auto columns = static_cast<std::size_t>(weights.cols());
        const Mask mask = maskOf(columns);
        const std::vector<float> importance =
            context.inputs != nullptr ? context.inputs->importance() : std::vector<float>(columns, 1.0F);
        forEachRow(weights, context.workers, context.monitor, [&](std::size_t index) {
            const std::span<float> row(weights.row(static_cast<Eigen::Index>(index)).data(), columns);
            const auto places = leastSalient(row, importance, mask.count);
            double rest = std::accumulate(row.begin(), row.end(), 0.0);
            for (const std::uint32_t place : places) {
                rest -= row[place];
            }
            const double mean = rest / static_cast<double>(columns - places.size());
            for (const std::uint32_t place : places) {
                row[place] = static_cast<float>(mean);
            }
            writePlaces(mask, places, section.subspan(index * mask.rowBytes, mask.rowBytes));
        });
    }

    void apply(std::span<const std::byte> section, Shape shape, std::size_t firstRow,
               MutableMatrixView rows) const override {
        const Mask mask = maskOf(shape.columns);
        for (Eigen::Index index = 0; index < rows.rows(); ++index) {
            const std::span<float> row(rows.row(index).data(), shape.columns);
            const auto in =
                section.subspan((firstRow + static_cast<std::size_t>(index)) * mask.rowBytes, mask.rowBytes);
            if (mask.kind == MaskKind::bitmap) {
                applyBitmap(in, mask.count, row);
            } else if (mask.kind == MaskKind::shortList) {
                applyList<std::uint16_t>(in, mask.count, row);
            } else {
                applyList<std::uint32_t>(in, mask.count, row);
            }
        }
    }

  private:
    Mask maskOf(std::size_t columns) const {
        constexpr std::size_t million = 1'000'000;
        if (columns > std::numeric_limits<std::uint32_t>::max()) {
            throw Error("+sparse: the rows are too long for 32-bit places");
        }
        Mask mask;
        mask.count = columns * partsPerMillion_ / million;
        const bool wide = columns > 65536;
        const std::size_t listBytes = mask.count * (wide ? sizeof(std::uint32_t) : sizeof(std::uint16_t));
        const std::size_t bitmapBytes = (columns + 7) / 8;
        mask.rowBytes = std::min(listBytes, bitmapBytes);
        if (listBytes < bitmapBytes) {
            mask.kind = wide ? MaskKind::longList : MaskKind::shortList;
        }
        return mask;
    }

    /// The `count` columns whose squared weights, times what these cost, are least; the first ones among
    /// equals; rising.
    static std::vector<std::uint32_t> leastSalient(std::span<const float> row,
                                                   std::span<const float> importance, std::size_t count) {
        std::vector<double> saliency(row.size());
        for (std::size_t i = 0; i < row.size(); ++i) {
            saliency[i] = double{row[i]} * double{row[i]} * double{importance[i]};
        }
        std::vector<std::uint32_t> places(row.size());
        std::iota(places.begin(), places.end(), 0U);
        const auto end = places.begin() + static_cast<std::ptrdiff_t>(count);
        std::nth_element(places.begin(), end, places.end(), [&](std::uint32_t a, std::uint32_t b) {
            return saliency[a] != saliency[b] ? saliency[a] < saliency[b] : a < b;
        });
        places.erase(end, places.end());
        std::sort(places.begin(), places.end());
        return places;
    }

    std::uint32_t partsPerMillion_;
};

} // namespace

std::shared_ptr<const Correction> makePruning(std::uint32_t partsPerMillion) {
    return std::make_shared<const Pruning>(partsPerMillion);
}

} // namespace planish
