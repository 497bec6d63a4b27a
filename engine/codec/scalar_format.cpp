// SPDX-License-Identifier: GPL-3.0-or-later
#include "codec/scalar_format.h"

#include "codec/checked_size.h"
#include "codec/rounding.h"
#include "codec/row_blocks.h"
#include "codec/row_coordinates.h"

#include <algorithm>

namespace planish {
namespace {

std::span<float> rowSpan(MutableMatrixView matrix, std::size_t row) {
    return {matrix.row(static_cast<Eigen::Index>(row)).data(), static_cast<std::size_t>(matrix.cols())};
}

} // namespace

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
    for (Eigen::Index row = 0; row < out.rows(); ++row) {
        decodeRow(rowOf(packed, firstRow + static_cast<std::size_t>(row), shape.columns),
                  {out.row(row).data(), shape.columns});
    }
}

std::span<const std::byte> ScalarFormat::rowOf(std::span<const std::byte> packed, std::size_t row,
                                               std::size_t columns) const {
    const std::size_t bytes = rowBytes(columns);
    return packed.subspan(row * bytes, bytes);
}

Shape ScalarFormat::coordinateShape(Shape shape) const {
    return {shape.rows, groups(shape.columns) * parametersPerGroup()};
}

void ScalarFormat::readCoordinates(std::span<const std::byte> packed, Shape shape, Workers& workers,
                                   MutableMatrixView coordinates) const {
    forEachRow(shape, workers, SilentMonitor(), [&](std::size_t row) {
        const LinearRow linear = openRow(rowOf(packed, row, shape.columns), shape.columns);
        RowCoordinates(linear).of(linear.parameters, rowSpan(coordinates, row));
    });
}

void ScalarFormat::coordinateSlopes(std::span<const std::byte> packed, MatrixView slopes, Workers& workers,
                                    MutableMatrixView ofCoordinates) const {
    const auto columns = static_cast<std::size_t>(slopes.cols());
    forEachRow(slopes, workers, SilentMonitor(), [&](std::size_t row) {
        const LinearRow linear = openRow(rowOf(packed, row, columns), columns);
        RowCoordinates(linear).slopes({slopes.row(static_cast<Eigen::Index>(row)).data(), columns},
                                      rowSpan(ofCoordinates, row));
    });
}

void ScalarFormat::writeCoordinates(MutableMatrixView coordinates, Shape shape, Workers& workers,
                                    std::span<std::byte> packed) const {
    forEachRow(shape, workers, SilentMonitor(), [&](std::size_t row) {
        const std::size_t bytes = rowBytes(shape.columns);
        const std::span<std::byte> out = packed.subspan(row * bytes, bytes);
        const LinearRow linear = openRow(out, shape.columns);
        const std::vector<double> wanted = RowCoordinates(linear).parameters(rowSpan(coordinates, row));
        std::vector<double> written = wanted;
        linear.write(written, out);
        if (written != wanted) {
            const LinearRow inOrder = openRow(out, shape.columns);
            RowCoordinates(inOrder).of(written, rowSpan(coordinates, row));
        }
    });
}

} // namespace planish
