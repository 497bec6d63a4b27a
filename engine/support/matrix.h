// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <Eigen/Core>

#include <cstddef>

namespace planish {

/// A dense fp32 matrix [rows, columns], row-major as in the model files.
using Matrix = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
using Vector = Eigen::VectorXf;
/// A view of such a matrix that owns nothing; rows may be farther apart than their length.
using MatrixView = Eigen::Ref<const Matrix, 0, Eigen::OuterStride<>>;
using MutableMatrixView = Eigen::Ref<Matrix, 0, Eigen::OuterStride<>>;

/// Rows × columns of a tensor; a vector is one row.
struct Shape {
    std::size_t rows = 0;
    std::size_t columns = 0;

    std::size_t count() const { return rows * columns; }
    bool operator==(const Shape&) const = default;
};

} // namespace planish
