// SPDX-License-Identifier: GPL-3.0-or-later
#include "allocation/prediction.h"

#include <cmath>

namespace planish {
namespace {

/// An error that is not known counts as none: it is shown, not computed with.
double known(double error) {
    return std::isfinite(error) ? error : 0;
}

} // namespace

Prediction predict(const Sensitivity& sensitivity, std::span<const double> errors) {
    double sum = 0;
    double variance = 0;
    for (std::size_t i = 0; i < errors.size(); ++i) {
        sum += sensitivity.tensors[i].divergence * errors[i];
        const double error = known(sensitivity.tensors[i].standardError) * errors[i];
        variance += error * error;
    }
    return predict(sensitivity, sum, std::sqrt(variance));
}

Prediction predict(const Sensitivity& sensitivity, double sumOfCosts, double standardError) {
    const double slope = 1 + 2 * sensitivity.accumulation * sumOfCosts;
    const double divergence = sumOfCosts * (1 + sensitivity.accumulation * sumOfCosts);
    const double divergenceError = std::hypot(slope * standardError, modelError * divergence);
    const double growth = sensitivity.lossPerDivergence;
    const double ratio = std::exp(growth * divergence);
    const double error =
        std::hypot(growth * divergenceError, known(sensitivity.lossPerDivergenceError) * divergence);
    return {divergence, divergenceError, 100 * (ratio - 1), 100 * ratio * error};
}

double sumOfCosts(const Sensitivity& sensitivity, double divergence) {
    // The positive root of a s² + s = d, in the form that is exact for a = 0 too.
    return 2 * divergence / (1 + std::sqrt(1 + 4 * sensitivity.accumulation * divergence));
}

} // namespace planish
