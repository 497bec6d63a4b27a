// SPDX-License-Identifier: GPL-3.0-or-later
#include "codec/checked_size.h"
#include "codec/correction.h"
#include "codec/number.h"
#include "codec/packed_numbers.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <string>
#include <vector>

namespace planish {
namespace {

/// Where the parts of the section are, in bytes.
struct Layout {
    std::size_t count = 0;
    bool wideColumns = false;
    std::size_t columnsAt = 0;
    std::size_t valuesAt = 0;
    std::size_t end = 0;
};

/// The outliers of a tensor: those above the magnitude, and as many equal to it as still fit, first come
/// first.
struct Threshold {
    float magnitude = std::numeric_limits<float>::infinity();
    std::size_t equal = 0;
};

Threshold thresholdOf(MatrixView weights, std::size_t count) {
    if (count == 0) {
        return {};
    }
    std::vector<float> magnitudes;
    magnitudes.reserve(static_cast<std::size_t>(weights.size()));
    for (Eigen::Index row = 0; row < weights.rows(); ++row) {
        for (Eigen::Index column = 0; column < weights.cols(); ++column) {
            magnitudes.push_back(std::fabs(weights(row, column)));
        }
    }
    const auto last = magnitudes.begin() + static_cast<std::ptrdiff_t>(count - 1);
    std::nth_element(magnitudes.begin(), last, magnitudes.end(), std::greater<>());
    const float magnitude = *last;
    const auto above = std::count_if(magnitudes.begin(), last, [&](float m) { return m > magnitude; });
    return {magnitude, count - static_cast<std::size_t>(above)};
}

class Outliers final : public Correction {
  public:
    explicit Outliers(std::uint32_t partsPerMillion) : partsPerMillion_(partsPerMillion) {}

    std::size_t packedBytes(Shape shape) const override { return layoutOf(shape).end; }

    void takeOut(MutableMatrixView weights, const EncodeContext& context,
                 std::span<std::byte> section) const override {
        const Shape shape{static_cast<std::size_t>(weights.rows()), static_cast<std::size_t>(weights.cols())};
        const Layout layout = layoutOf(shape);
        Threshold threshold = thresholdOf(weights, layout.count);
        std::size_t found = 0;
        std::vector<Eigen::Index> places;
        for (Eigen::Index row = 0; row < weights.rows(); ++row) {
            context.monitor.throwIfCancelled();
            places.clear();
            double rest = 0;
            for (Eigen::Index column = 0; column < weights.cols(); ++column) {
                const float magnitude = std::fabs(weights(row, column));
                const bool tie = magnitude == threshold.magnitude && threshold.equal > 0;
                if (magnitude > threshold.magnitude || tie) {
                    threshold.equal -= tie ? 1 : 0;
                    places.push_back(column);
                } else {
                    rest += weights(row, column);
                }
            }
            const auto others = weights.cols() - static_cast<Eigen::Index>(places.size());
            const auto mean = others == 0 ? 0.0F : static_cast<float>(rest / static_cast<double>(others));
            for (const Eigen::Index column : places) {
                put(section, layout, found++, static_cast<std::size_t>(column), weights(row, column));
                weights(row, column) = mean;
            }
            store(section, static_cast<std::size_t>(row), static_cast<std::uint32_t>(found));
        }
    }

    void apply(std::span<const std::byte> section, Shape shape, std::size_t firstRow,
               MutableMatrixView rows) const override {
        const Layout layout = layoutOf(shape);
        for (Eigen::Index row = 0; row < rows.rows(); ++row) {
            const std::size_t index = firstRow + static_cast<std::size_t>(row);
            const std::size_t begin = index == 0 ? 0 : load<std::uint32_t>(section, index - 1);
            const std::size_t end = load<std::uint32_t>(section, index);
            if (begin > end || end > layout.count) {
                throw InputError("packed tensor", "outliers",
                                 "row ends that rise up to the number of outliers", "a list out of order");
            }
            for (std::size_t i = begin; i < end; ++i) {
                const std::size_t column = columnAt(section, layout, i);
                if (column >= shape.columns) {
                    throw InputError("packed tensor", "outliers", "columns within the row",
                                     "column " + std::to_string(column));
                }
                rows(row, static_cast<Eigen::Index>(column)) =
                    fromFp16(load<std::uint16_t>(section.subspan(layout.valuesAt), i));
            }
        }
    }

  private:
    Layout layoutOf(Shape shape) const {
        const std::size_t weights = checkedMultiply(shape.rows, shape.columns);
        Layout layout;
        constexpr std::size_t million = 1'000'000;
        layout.count = weights / million * partsPerMillion_ + weights % million * partsPerMillion_ / million;
        if (layout.count > std::numeric_limits<std::uint32_t>::max() ||
            shape.columns > std::numeric_limits<std::uint32_t>::max()) {
            throw Error("+outliers: the tensor is too large for 32-bit places");
        }
        layout.wideColumns = shape.columns > 65536;
        const std::size_t columnBytes = layout.wideColumns ? sizeof(std::uint32_t) : sizeof(std::uint16_t);
        layout.columnsAt = checkedMultiply(shape.rows, sizeof(std::uint32_t));
        layout.valuesAt = checkedAdd(layout.columnsAt, checkedMultiply(layout.count, columnBytes));
        layout.end = checkedAdd(layout.valuesAt, checkedMultiply(layout.count, sizeof(std::uint16_t)));
        return layout;
    }

    static void put(std::span<std::byte> section, const Layout& layout, std::size_t index, std::size_t column,
                    float value) {
        if (layout.wideColumns) {
            store(section.subspan(layout.columnsAt), index, static_cast<std::uint32_t>(column));
        } else {
            store(section.subspan(layout.columnsAt), index, static_cast<std::uint16_t>(column));
        }
        store(section.subspan(layout.valuesAt), index, toFp16(value));
    }

    static std::size_t columnAt(std::span<const std::byte> section, const Layout& layout, std::size_t index) {
        const auto columns = section.subspan(layout.columnsAt);
        return layout.wideColumns ? load<std::uint32_t>(columns, index) : load<std::uint16_t>(columns, index);
    }

    std::uint32_t partsPerMillion_;
};

} // namespace

std::shared_ptr<const Correction> makeOutliers(std::uint32_t partsPerMillion) {
    return std::make_shared<const Outliers>(partsPerMillion);
}

} // namespace planish
