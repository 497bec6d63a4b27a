// SPDX-License-Identifier: GPL-3.0-or-later
#include "codec/output_error.h"

#include <algorithm>
#include <vector>

namespace planish {

OutputError::OutputError(const InputStatistics& inputs, Workers& workers, const JobMonitor& monitor)
    : workers_(workers), monitor_(monitor) {
    hessian_.packTransposed(inputs.hessian, workers);
}

double OutputError::of(const Matrix& errors) const {
    constexpr Eigen::Index rowsPerTask = 64;
    const auto tasks = static_cast<std::size_t>((errors.rows() + rowsPerTask - 1) / rowsPerTask);
    std::vector<double> sums(tasks);
    workers_.forEach(
        tasks,
        [&](std::size_t task) {
            const Eigen::Index first = static_cast<Eigen::Index>(task) * rowsPerTask;
            const auto rows = errors.middleRows(first, std::min(rowsPerTask, errors.rows() - first));
            Matrix product(rows.rows(), rows.cols());
            multiply(rows, hessian_, product);
            sums[task] = product.cast<double>().cwiseProduct(rows.cast<double>()).sum();
        },
        monitor_);
    double sum = 0;
    for (const double part : sums) {
        sum += part;
    }
    return std::max(sum, 0.0);
}

} // namespace planish
