// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "allocation/sensitivity.h"

#include <span>

namespace planish {

/// What a mix will cost, before it is measured.
struct Prediction {
    double divergence = 0;      ///< mean KL divergence from the unquantized model, nats
    double divergenceError = 0; ///< standard error: of the sensitivities, and modelError
    double deltaPplPercent = 0;
    double deltaPplErrorPercent = 0; ///< of these and of the growth of loss for each nat
};

/// How far codecs' errors are from costing what noise of their size costs: the relative standard deviation of
/// measured from predicted divergences (README.md has the table).
inline constexpr double modelError = 0.1;

/// Of errors [tensor] relative to each tensor, in the order of the sensitivities; 0 for what is stored
/// exactly.
Prediction predict(const Sensitivity& sensitivity, std::span<const double> errors);

/// The same of a sum of costs, in nats, and its standard error.
Prediction predict(const Sensitivity& sensitivity, double sumOfCosts, double standardError);

/// The sum of costs that a divergence is predicted for: the inverse of predict().
double sumOfCosts(const Sensitivity& sensitivity, double divergence);

} // namespace planish
