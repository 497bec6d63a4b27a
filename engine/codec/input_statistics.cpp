// SPDX-License-Identifier: GPL-3.0-or-later
#include "codec/input_statistics.h"

#include "codec/output_error.h"

#include <limits>
#include <numeric>

namespace planish {

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
    const SilentMonitor monitor;
    const OutputError outputs(inputs, workers, monitor);
    const double error = outputs.of(original - stored);
    const double whole = outputs.of(original);
    if (whole == 0) {
        return error == 0 ? 0 : std::numeric_limits<double>::infinity();
    }
    return error / whole;
}

double targetShift(MatrixView original, MatrixView stored, const InputStatistics& inputs, Workers& workers) {
    if (inputs.crossMoment.size() == 0) {
        return 0;
    }
    PackedMatrix drift;
    drift.packTransposed((inputs.crossMoment - inputs.hessian).transpose(), workers);
    const Matrix errors = original - stored;
    std::vector<double> ofRow(static_cast<std::size_t>(errors.rows()));
    workers.forEach(ofRow.size(), [&](std::size_t index) {
        const auto row = static_cast<Eigen::Index>(index);
        Matrix moved(1, errors.cols());
        multiply(errors.middleRows(row, 1), drift, moved);
        ofRow[index] = moved.row(0).cast<double>().dot(original.row(row).cast<double>());
    });
    return 2 * std::accumulate(ofRow.begin(), ofRow.end(), 0.0);
}

} // namespace planish
