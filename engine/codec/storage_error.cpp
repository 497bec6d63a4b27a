// SPDX-License-Identifier: GPL-3.0-or-later
#include "codec/codec.h"
#include "codec/row_blocks.h"
#include "codec/row_sums.h"

#include <cmath>
#include <limits>
#include <vector>

namespace planish {
namespace {

RowSums sumsOf(MatrixView original, MatrixView stored, Eigen::Index storedRow, Eigen::Index row) {
    const auto columns = static_cast<std::size_t>(original.cols());
    return rowSums({original.row(row).data(), columns}, {stored.row(storedRow).data(), columns});
}

StorageError errorOf(const std::vector<RowSums>& rows) {
    double energy = 0;
    double error = 0;
    for (const RowSums& row : rows) {
        energy += row.energy;
        error += row.error;
    }
    constexpr double infinity = std::numeric_limits<double>::infinity();
    if (error == 0) {
        return {0, infinity};
    }
    if (energy == 0) {
        return {infinity, -infinity};
    }
    return {error / energy, 10 * std::log10(energy / error)};
}

} // namespace

StorageError storageError(MatrixView original, MatrixView stored) {
    if (original.rows() != stored.rows() || original.cols() != stored.cols()) {
        throw Error("the stored tensor has another shape than the original");
    }
    std::vector<RowSums> sums;
    for (Eigen::Index row = 0; row < original.rows(); ++row) {
        sums.push_back(sumsOf(original, stored, row, row));
    }
    return errorOf(sums);
}

StorageError storageError(MatrixView original, const Codec& codec, const PackedTensor& packed,
                          Workers& workers) {
    if (packed.shape !=
        Shape{static_cast<std::size_t>(original.rows()), static_cast<std::size_t>(original.cols())}) {
        throw Error("the stored tensor has another shape than the original");
    }
    std::vector<RowSums> sums(packed.shape.rows);
    const auto addRows = [&](std::size_t first, std::size_t count) {
        Matrix stored(static_cast<Eigen::Index>(count), original.cols());
        codec.decodeRows(packed, first, stored);
        for (std::size_t row = 0; row < count; ++row) {
            sums[first + row] = sumsOf(original, stored, static_cast<Eigen::Index>(row),
                                       static_cast<Eigen::Index>(first + row));
        }
    };
    forEachRowBlock(packed.shape, workers, SilentMonitor(), addRows, codec.rowsTogether(packed.shape));
    return errorOf(sums);
}

} // namespace planish
