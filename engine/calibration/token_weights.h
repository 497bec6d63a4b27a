// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "calibration/calibration_stream.h"

#include <map>
#include <vector>

namespace planish {

/// How much each calibration token counts in the moments of inputs: errors of a linear's outputs y at a token
/// cost the more the steeper the loss is there. A token's weight is ‖∂L/∂y‖² with L the loss of next tokens
/// of the unquantized model, summed over the linears that read at a place and divided by its mean there (Kim
/// et al.: GuidedQuant, 2025, with one group of outputs). At the head all tokens count the same.
class TokenWeights {
  public:
    /// Tokens in a backward pass, which keeps the hidden states of all block boundaries; at least a window.
    static constexpr std::size_t tokensAtOnce = 4096;

    /// One backward pass of `original` over all samples, some windows at a time. The same for every thread
    /// count. Throws InputError for models without gradients, and Cancelled.
    TokenWeights(const WeightSource& original, const WindowPlan& samples, Workers& workers,
                 Arithmetic arithmetic, JobMonitor& monitor);

    /// One weight a token of the samples; empty where all count the same.
    const std::vector<float>& at(Place place) const;

  private:
    class Collector;
    std::map<Place, std::vector<float>> weights_;
};

} // namespace planish
