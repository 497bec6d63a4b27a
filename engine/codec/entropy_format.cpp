// SPDX-License-Identifier: GPL-3.0-or-later
#include "codec/entropy_format.h"

#include "codec/checked_size.h"
#include "codec/column_rounding.h"
#include "codec/entropy_encoder.h"
#include "codec/entropy_layout.h"
#include "codec/packed_numbers.h"
#include "codec/rans.h"
#include "codec/rounding.h"

#include <algorithm>
#include <limits>

namespace planish {
namespace {

class EntropyFormat final : public Format {
  public:
    explicit EntropyFormat(int rate) : rate_(static_cast<std::size_t>(rate)) {}

    bool isFloat() const override { return false; }

    std::size_t packedBytes(Shape shape) const override {
        const std::size_t weights = checkedMultiply(shape.rows, shape.columns);
        if (weights > std::numeric_limits<std::uint32_t>::max()) {
            throw Error("entropy-coded weights are stored for tensors of up to 4294967295 weights");
        }
        constexpr std::size_t hundredthsPerByte = 800;
        // A class with the number 0 only, no escapes, and blocks without words.
        const std::size_t zeros = 10 + blocks(shape) * (sizeof(std::uint32_t) * (1 + ransLanes));
        return std::max(zeros, weights * rate_ / hundredthsPerByte);
    }

    std::size_t rowsTogether(Shape shape) const override { return entropyBlockRows(shape.columns); }

    void encode(MatrixView weights, const Rounding* rounding, const EncodeContext& context,
                std::span<std::byte> out) const override {
        const auto columns =
            rounding != nullptr ? rounding->startColumns(weights, context) : directColumns(weights, context);
        const std::vector<std::byte> bytes = encodeEntropy(weights, *columns, context, out.size());
        std::copy(bytes.begin(), bytes.end(), out.begin());
    }

    void decodeRows(std::span<const std::byte> packed, Shape shape, std::size_t firstRow,
                    MutableMatrixView out) const override {
        const EntropyView view(packed, shape);
        const RansTables tables(view.tables);
        const std::size_t blockRows = entropyBlockRows(shape.columns);
        const std::size_t end = firstRow + static_cast<std::size_t>(out.rows());
        std::vector<float> passed(shape.columns);
        for (std::size_t block = firstRow / blockRows; block * blockRows < end; ++block) {
            RansDecoder decoder(tables, view.classOf, view.steps, view.blocks[block]);
            const std::size_t blockEnd = std::min(shape.rows, (block + 1) * blockRows);
            for (std::size_t row = block * blockRows; row < std::min(blockEnd, end); ++row) {
                const bool wanted = row >= firstRow;
                decoder.row(
                    {wanted ? out.row(static_cast<Eigen::Index>(row - firstRow)).data() : passed.data(),
                     shape.columns});
            }
            if (end >= blockEnd && !decoder.finished()) {
                throw InputError("packed tensor", "block of coded rows", "to end with its last weight",
                                 "something else: bytes are damaged");
            }
        }
        putEscapes(view, shape, firstRow, out);
    }

  private:
    static std::size_t blocks(Shape shape) {
        const std::size_t rows = entropyBlockRows(shape.columns);
        return (shape.rows + rows - 1) / rows;
    }

    static void putEscapes(const EntropyView& view, Shape shape, std::size_t firstRow,
                           MutableMatrixView out) {
        constexpr double largest = std::numeric_limits<float>::max();
        const std::size_t begin = firstRow * shape.columns;
        const std::size_t end = begin + static_cast<std::size_t>(out.rows()) * shape.columns;
        const std::size_t count = view.escapes.size() / sizeof(EntropyEscape);
        const auto placeOf = [&](std::size_t i) {
            return std::size_t{load<std::uint32_t>(view.escapes, 2 * i)};
        };
        std::size_t i = 0;
        for (std::size_t left = count; left > 0;) { // the first that does not lie before
            const std::size_t half = left / 2;
            const bool isBefore = placeOf(i + half) < begin;
            i += isBefore ? half + 1 : 0;
            left = isBefore ? left - half - 1 : half;
        }
        // Only the escapes of these rows are looked at: a list that does not rise shows where it is read.
        for (std::size_t next = begin; i < count && placeOf(i) < end; ++i) {
            const std::size_t place = placeOf(i);
            if (place < next) {
                refusePlace(place, shape);
            }
            next = place + 1;
            const std::size_t column = place % shape.columns;
            const double weight = static_cast<double>(load<std::int32_t>(view.escapes, 2 * i + 1)) *
                                  static_cast<double>(view.steps[column]);
            out(static_cast<Eigen::Index>(place / shape.columns - firstRow),
                static_cast<Eigen::Index>(column)) =
                static_cast<float>(std::clamp(weight, -largest, largest));
        }
        if (end == shape.count() && i < count) {
            refusePlace(placeOf(i), shape);
        }
    }

    [[noreturn]] static void refusePlace(std::size_t place, Shape shape) {
        throw InputError("packed tensor", "place of an escape",
                         "rising ones below " + std::to_string(shape.count()), std::to_string(place));
    }

    std::size_t rate_; ///< hundredths of a bit a weight
};

} // namespace

std::shared_ptr<const Format> makeEntropyFormat(int rate) {
    return std::make_shared<const EntropyFormat>(rate);
}

} // namespace planish
