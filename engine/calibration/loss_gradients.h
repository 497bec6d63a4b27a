// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "calibration/calibration_stream.h"
#include "codec/input_statistics.h"

#include <map>
#include <string>
#include <vector>

namespace planish {

/// What the gradients ∂L/∂y by the outputs y of linears say of errors there, with L the loss of next tokens
/// of the unquantized model.
class LossGradients {
  public:
    /// Tokens in a backward pass, which keeps the hidden states of all block boundaries; at least a window.
    static constexpr std::size_t tokensAtOnce = 4096;

    /// One backward pass of `original` over all samples, some windows at a time; `withOutputs` collects
    /// outputs() too. The same for every thread count. Throws InputError for models without gradients, and
    /// Cancelled.
    LossGradients(const WeightSource& original, const WindowPlan& samples, bool withOutputs, Workers& workers,
                  Arithmetic arithmetic, JobMonitor& monitor);

    /// How much each token counts in the moments of inputs, one weight a token of the samples: errors at a
    /// token cost the more the steeper the loss is there. A weight is ‖∂L/∂y‖² summed over the linears that
    /// read at a place and divided by its mean there (Kim et al.: GuidedQuant, 2025, with one group of
    /// outputs). Empty where all count the same: at the head.
    const std::vector<float>& tokenWeights(Place place) const;

    /// Statistics of ∂L/∂y of each linear, by name, as if gradients were inputs: the moment E[∂L/∂y ∂L/∂yᵀ]
    /// is how errors of outputs are related (Tseng, Sun, De Sa: YAQA, arXiv 2505.22988, 2025). None for the
    /// head.
    const std::map<std::string, InputStatistics>& outputs() const { return outputs_; }

  private:
    class Collector;
    std::map<Place, std::vector<float>> weights_;
    std::map<std::string, InputStatistics> outputs_;
};

} // namespace planish
