// SPDX-License-Identifier: GPL-3.0-or-later
#include "inference/weight_source.h"

#include "support/system.h"

#include <algorithm>

namespace planish {

Matrix WeightSource::matrix(const TensorInfo& tensor, Workers& workers) const {
    constexpr std::size_t weightsPerTask = 1 << 18;
    Matrix result(static_cast<Eigen::Index>(tensor.shape.rows),
                  static_cast<Eigen::Index>(tensor.shape.columns));
    preferLargePages(result.data(), static_cast<std::size_t>(result.size()) * sizeof(float));
    const std::size_t together = rowsTogether(tensor);
    const std::size_t wanted =
        std::max<std::size_t>(1, weightsPerTask / std::max<std::size_t>(1, tensor.shape.columns));
    const std::size_t rowsPerTask = (wanted + together - 1) / together * together;
    const std::size_t tasks = (tensor.shape.rows + rowsPerTask - 1) / rowsPerTask;
    workers.forEach(tasks, [&](std::size_t task) {
        const std::size_t first = task * rowsPerTask;
        const std::size_t count = std::min(rowsPerTask, tensor.shape.rows - first);
        rows(tensor, first,
             result.middleRows(static_cast<Eigen::Index>(first), static_cast<Eigen::Index>(count)));
    });
    return result;
}

PackedMatrix WeightSource::packed(const TensorInfo& tensor, Workers& workers, Arithmetic arithmetic) const {
    return packed(tensor, 0, tensor.shape.rows, workers, arithmetic);
}

PackedMatrix WeightSource::packed(const TensorInfo& tensor, std::size_t firstRow, std::size_t count,
                                  Workers& workers, Arithmetic arithmetic) const {
    PackedMatrix result;
    result.packTransposed(
        {count, tensor.shape.columns},
        [&](std::size_t first, MutableMatrixView out) { rows(tensor, firstRow + first, out); }, workers,
        arithmetic, rowsTogether(tensor));
    return result;
}

Vector WeightSource::vector(const TensorInfo& tensor) const {
    Matrix row(1, static_cast<Eigen::Index>(tensor.shape.columns));
    rows(tensor, 0, row);
    return row.row(0).transpose();
}

void OriginalWeights::rows(const TensorInfo& tensor, std::size_t firstRow, MutableMatrixView out) const {
    model_.readRows(tensor, firstRow, out);
}

} // namespace planish
