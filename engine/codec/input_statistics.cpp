// SPDX-License-Identifier: GPL-3.0-or-later
#include "codec/input_statistics.h"

#include "codec/output_error.h"

#include <limits>

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
    const OutputError outputs(inputs, workers);
    const double error = outputs.of(original - stored);
    const double whole = outputs.of(original);
    if (whole == 0) {
        return error == 0 ? 0 : std::numeric_limits<double>::infinity();
    }
    return error / whole;
}

} // namespace planish
