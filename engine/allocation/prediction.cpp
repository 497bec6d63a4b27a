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
    double divergence = 0;
    double variance = 0;
    for (std::size_t i = 0; i < errors.size(); ++i) {
        divergence += sensitivity.tensors[i].divergence * errors[i];
        const double error = known(sensitivity.tensors[i].standardError) * errors[i];
        variance += error * error;
    }
    return predict(sensitivity, divergence, std::sqrt(variance));
}

Prediction predict(const Sensitivity& sensitivity, double divergence, double divergenceError) {
    const double growth = sensitivity.lossPerDivergence;
    const double ratio = std::exp(growth * divergence);
    const double error =
        std::hypot(growth * divergenceError, known(sensitivity.lossPerDivergenceError) * divergence);
    return {divergence, divergenceError, 100 * (ratio - 1), 100 * ratio * error};
}

} // namespace planish
