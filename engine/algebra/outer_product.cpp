// SPDX-License-Identifier: GPL-3.0-or-later
#include "algebra/outer_product.h"

#include "algebra/gemm.h"

#include <algorithm>
#include <vector>

namespace planish {
namespace {

using Index = Eigen::Index;
constexpr Index rowsPerTile = 64;
constexpr Index columnsPerStrip = 128;

Index parts(Index size, Index each) {
    return (size + each - 1) / each;
}

/// By strips of rows, whose columns then share cache lines.
void transposeInto(MatrixView from, MutableMatrixView to) {
    constexpr Index strip = 16;
    for (Index row = 0; row < from.rows(); row += strip) {
        const Index rows = std::min(strip, from.rows() - row);
        to.middleCols(row, rows) = from.middleRows(row, rows).transpose();
    }
}

} // namespace

void addOuterProducts(MatrixView left, MatrixView right, Arithmetic arithmetic, MutableMatrixView sum,
                      Workers& workers, const JobMonitor& monitor) {
    const Index strips = parts(right.cols(), columnsPerStrip);
    std::vector<PackedMatrix> packed(static_cast<std::size_t>(strips));
    workers.forEach(
        packed.size(),
        [&](std::size_t strip) {
            const Index first = static_cast<Index>(strip) * columnsPerStrip;
            packed[strip].pack(right.middleCols(first, std::min(columnsPerStrip, right.cols() - first)),
                               arithmetic);
        },
        monitor);
    workers.forEach(
        static_cast<std::size_t>(parts(left.cols(), rowsPerTile) * strips),
        [&](std::size_t index) {
            const Index row = static_cast<Index>(index) / strips * rowsPerTile;
            const Index column = static_cast<Index>(index) % strips * columnsPerStrip;
            const Index rows = std::min(rowsPerTile, left.cols() - row);
            // Not a power of two apart, where rows would share few lines of the cache.
            Matrix transposed(rows, left.rows() + 16);
            transposeInto(left.middleCols(row, rows), transposed.leftCols(left.rows()));
            const PackedMatrix& strip = packed[static_cast<std::size_t>(column / columnsPerStrip)];
            multiply(transposed.leftCols(left.rows()), strip,
                     sum.block(row, column, rows, static_cast<Index>(strip.outputs())), true);
        },
        monitor);
}

} // namespace planish
