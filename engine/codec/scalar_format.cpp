// SPDX-License-Identifier: GPL-3.0-or-later
#include "codec/scalar_format.h"

#include "codec/checked_size.h"
#include "codec/rounding.h"

#include <algorithm>

namespace planish {

void RowEncoder::roundRow(std::span<const float> row, std::span<const float> importance,
                          std::size_t groupSize) {
    for (std::size_t start = 0; start < row.size(); start += groupSize) {
        const std::size_t count = std::min(groupSize, row.size() - start);
        const auto group = row.subspan(start, count);
        chooseLevels(start / groupSize, group,
                     importance.empty() ? importance : importance.subspan(start, count));
        roundGroup(start / groupSize, group);
    }
}

std::size_t ScalarFormat::groupSize(std::size_t columns) const {
    return groupSize_ == 0 ? columns : std::min(groupSize_, columns);
}

std::size_t ScalarFormat::groups(std::size_t columns) const {
    const std::size_t size = groupSize(columns);
    return columns / size + (columns % size == 0 ? 0 : 1);
}

std::size_t ScalarFormat::packedBytes(Shape shape) const {
    return checkedMultiply(shape.rows, rowBytes(shape.columns));
}

void ScalarFormat::encode(MatrixView weights, const Rounding* rounding, const EncodeContext& context,
                          std::span<std::byte> out) const {
    if (rounding != nullptr) {
        rounding->encode(*this, weights, context, out);
    } else {
        DirectRounding(std::make_unique<NearestChoice>()).encode(*this, weights, context, out);
    }
}

void ScalarFormat::decodeRows(std::span<const std::byte> packed, Shape shape, std::size_t firstRow,
                              MutableMatrixView out) const {
    const std::size_t bytes = rowBytes(shape.columns);
    for (Eigen::Index row = 0; row < out.rows(); ++row) {
        decodeRow(packed.subspan((firstRow + static_cast<std::size_t>(row)) * bytes, bytes),
                  {out.row(row).data(), shape.columns});
    }
}

} // namespace planish
