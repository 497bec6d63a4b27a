// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "evaluation/evaluate.h"

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

namespace planish {

/// What errors of one tensor cost the whole model.
struct TensorSensitivity {
    std::string name;
    std::string role; ///< roleName()
    std::uint64_t rows = 0;
    std::uint64_t columns = 0;
    /// Mean KL divergence from the unquantized model, in nats, for each unit of relative squared error
    /// ‖W−Ŵ‖² ÷ ‖W‖², in the limit of small errors.
    double divergence = 0;
    double standardError = std::numeric_limits<double>::quiet_NaN(); ///< of `divergence`, over repeats
    std::uint64_t repeats = 0;
};

/// What errors of any tensor cost, measured on one text. The cost of a codec on a tensor is its relative
/// error there times the tensor's sensitivity, and the costs of tensors add up (Malinovskii et al. 2024,
/// HIGGS, theorem 1: ln PPL grows by Σ a·t², here with KL divergence in its place, which has far less noise)
/// as long as they are small; larger ones make more of each other.
struct Sensitivity {
    std::vector<TensorSensitivity> tensors;
    /// Errors of all decoder linears at once that cost Σ nats one by one cost Σ (1 + accumulation Σ)
    /// together.
    double accumulation = 0;
    /// Growth of ln PPL for each nat of mean KL divergence, over all noise that was tried: about 1 where the
    /// model's distribution is that of the text, less where it is not. Its standard error is over windows.
    double lossPerDivergence = 1;
    double lossPerDivergenceError = std::numeric_limits<double>::quiet_NaN();
};

struct SensitivitySettings {
    double relativeError = 0.02; ///< of the noise: about what 3.5 bits a weight leave
    double precision = 0.05;     ///< wanted standard error, relative to a tensor's own sensitivity
    std::size_t leastRepeats = 2;
    std::size_t mostRepeats = 6; ///< even where the precision has not been reached
    /// Sums of costs, in nats, at which all decoder linears get noise at once.
    std::vector<double> together{0.1, 0.3};
    std::uint64_t seed = 0;
};

/// Injects noise into one linear, embedding or head at a time, each as often as its precision asks for
/// (tensors that cost next to nothing excepted), then into all decoder linears together, and compares with
/// the unquantized model. With a cache in
/// `options` blocks before the tensor are passed only once. Reports tensors as progress, stage "noise";
/// throws Cancelled.
Sensitivity measureSensitivity(const Model& model, const WindowPlan& plan,
                               const SensitivitySettings& settings, const EvaluateOptions& options,
                               Workers& workers, JobMonitor& monitor);

} // namespace planish
