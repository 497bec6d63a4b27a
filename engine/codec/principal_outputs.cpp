// SPDX-License-Identifier: GPL-3.0-or-later
#include "codec/principal_outputs.h"

#include "algebra/gemm.h"
#include "codec/input_statistics.h"
#include "codec/row_blocks.h"
#include "codec/split_mix.h"

#include <Eigen/Eigenvalues>
#include <Eigen/QR>

#include <algorithm>

namespace planish {
namespace {

Matrix randomSigns(Eigen::Index rows, Eigen::Index columns, std::uint64_t seed) {
    Matrix signs(rows, columns);
    for (Eigen::Index i = 0; i < signs.size(); ++i) {
        const std::uint64_t bits = splitMix(seed + static_cast<std::uint64_t>(i / 64)) >> (i % 64);
        signs.data()[i] = (bits & 1U) != 0 ? -1.0F : 1.0F;
    }
    return signs;
}

/// An orthonormal basis of the columns, of which there are no more than rows.
Matrix orthonormal(const Matrix& columns) {
    const Eigen::HouseholderQR<Eigen::MatrixXd> decomposition(columns.cast<double>());
    const Eigen::MatrixXd basis =
        decomposition.householderQ() * Eigen::MatrixXd::Identity(columns.rows(), columns.cols());
    return basis.cast<float>();
}

} // namespace

Matrix product(MatrixView matrix, MatrixView right, const EncodeContext& context) {
    PackedMatrix packed;
    packed.pack(right);
    Matrix out(matrix.rows(), right.cols());
    const Shape shape{static_cast<std::size_t>(matrix.rows()), static_cast<std::size_t>(matrix.cols())};
    forEachRowBlock(shape, context.workers, context.monitor, [&](std::size_t first, std::size_t count) {
        const auto at = static_cast<Eigen::Index>(first);
        const auto rows = static_cast<Eigen::Index>(count);
        multiply(matrix.middleRows(at, rows), packed, out.middleRows(at, rows));
    });
    return out;
}

Matrix principalOutputs(MatrixView errors, Eigen::Index count, const EncodeContext& context) {
    constexpr Eigen::Index oversampling = 8;
    constexpr int rounds = 12;
    const Eigen::Index smallerSide = std::min(errors.rows(), errors.cols());
    const Eigen::Index width = std::min(count + oversampling, smallerSide);
    const Matrix transposed = errors.transpose();
    const auto weighted = [&](const Matrix& inputs) {
        return context.inputs == nullptr ? inputs : product(context.inputs->hessian, inputs, context);
    };
    // The basis is made orthonormal where its columns are shorter: both sides span the same iterates.
    const bool fewRows = errors.rows() <= errors.cols();
    Matrix inputs = randomSigns(errors.cols(), width, context.seed);
    for (int round = 0; round < rounds; ++round) {
        Matrix outputs = product(errors, weighted(inputs), context);
        if (fewRows) {
            outputs = orthonormal(outputs);
        }
        inputs = product(transposed, outputs, context);
        if (!fewRows) {
            inputs = orthonormal(inputs);
        }
    }
    const Matrix basis = orthonormal(product(errors, weighted(inputs), context));
    const Matrix projected = product(transposed, basis, context);
    const Eigen::MatrixXd moment = projected.cast<double>().transpose() * weighted(projected).cast<double>();
    const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> solver((moment + moment.transpose()) / 2);
    const Eigen::MatrixXd largest = solver.eigenvectors().rightCols(count).rowwise().reverse();
    return (basis.cast<double>() * largest).cast<float>();
}

} // namespace planish
