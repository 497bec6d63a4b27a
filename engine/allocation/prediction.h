// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "allocation/sensitivity.h"

#include <span>

namespace planish {

/// What a mix will cost, before it is measured.
struct Prediction {
    double divergence = 0;      ///< mean KL divergence from the unquantized model, nats
    double divergenceError = 0; ///< standard error that the sensitivities' own errors make
    double deltaPplPercent = 0;
    double deltaPplErrorPercent = 0; ///< of these and of the growth of loss for each nat
};

/// Of errors [tensor] relative to each tensor, in the order of the sensitivities; 0 for what is stored
/// exactly. Holds for small errors: at more than about a tenth of a nat the costs add up to less.
Prediction predict(const Sensitivity& sensitivity, std::span<const double> errors);

/// The same of a divergence whose error is known otherwise.
Prediction predict(const Sensitivity& sensitivity, double divergence, double divergenceError);

} // namespace planish
