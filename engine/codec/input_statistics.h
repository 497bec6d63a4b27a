// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "support/matrix.h"
#include "support/workers.h"

#include <cstdint>
#include <vector>

namespace planish {

/// What the inputs x of one tensor were like over a calibration text. Immutable once collected, shared by the
/// tensors that read the same inputs.
struct InputStatistics {
    std::uint64_t tokens = 0; ///< inputs seen
    Matrix hessian;           ///< H = E[x xᵀ], [columns, columns], symmetric
    Vector meanMagnitude;     ///< E|x|, [columns]
    Vector smallest;          ///< [columns]
    Vector largest;           ///< [columns]
    /// E[x x̄ᵀ] with x̄ the inputs the unquantized model has in the same places; empty unless collected.
    Matrix crossMoment;

    /// E[x²] over its mean, [columns]: what an error of a column's weights costs. All ones for inputs that
    /// are always zero.
    std::vector<float> importance() const;
};

/// Expected squared error of the outputs when `stored` stands for `original`, over the expected square of the
/// outputs themselves: tr(E H Eᵀ) ÷ tr(W H Wᵀ) with E = W − Ŵ. 0 when both are 0.
double proxyLoss(MatrixView original, MatrixView stored, const InputStatistics& inputs, Workers& workers);

/// What the fit to the outputs for the unquantized model's inputs x̄ adds to tr(E H Eᵀ): 2 tr(E (E[x x̄ᵀ] − H)
/// Wᵀ), so that the sum is E‖W x̄ − Ŵ x‖² but for a constant that does not depend on Ŵ. 0 without a cross
/// moment.
double targetShift(MatrixView original, MatrixView stored, const InputStatistics& inputs, Workers& workers);

} // namespace planish
