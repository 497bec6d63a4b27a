// SPDX-License-Identifier: GPL-3.0-or-later
#include "codec/input_statistics.h"

#include "algebra/gemm.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace planish {
namespace {

/// tr(A H Aᵀ), rows in parallel, summed in double in a fixed order.
double quadraticForm(const Matrix& a, const PackedMatrix& hessian, Workers& workers) {
    constexpr Eigen::Index rowsPerTask = 64;
    const auto tasks = static_cast<std::size_t>((a.rows() + rowsPerTask - 1) / rowsPerTask);
    std::vector<double> sums(tasks);
    workers.forEach(tasks, [&](std::size_t task) {
        const Eigen::Index first = static_cast<Eigen::Index>(task) * rowsPerTask;
        const auto rows = a.middleRows(first, std::min(rowsPerTask, a.rows() - first));
        Matrix product(rows.rows(), rows.cols());
        multiply(rows, hessian, product);
        sums[task] = product.cast<double>().cwiseProduct(rows.cast<double>()).sum();
    });
    double sum = 0;
    for (const double part : sums) {
        sum += part;
    }
    return std::max(sum, 0.0);
}

} // namespace

std::vector<float> InputStatistics::importance() const {
    const auto diagonal = hessian.diagonal().cast<double>();
    const double mean = diagonal.mean();
    std::vector<float> weights(static_cast<std::size_t>(diagonal.size()), 1.0F);
    if (mean > 0) {
        for (std::size_t i = 0; i < weights.size(); ++i) {
            weights[i] = static_cast<float>(diagonal[static_cast<Eigen::Index>(i)] / mean);
        }
    }
    return weights;
}

double proxyLoss(MatrixView original, MatrixView stored, const InputStatistics& inputs, Workers& workers) {
    PackedMatrix hessian;
    hessian.packTransposed(inputs.hessian, workers);
    const double error = quadraticForm(original - stored, hessian, workers);
    const double whole = quadraticForm(original, hessian, workers);
    if (whole == 0) {
        return error == 0 ? 0 : std::numeric_limits<double>::infinity();
    }
    return error / whole;
}

} // namespace planish
