// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "evaluation/metrics.h"
#include "evaluation/windows.h"
#include "inference/forward_pass.h"
#include "inference/weight_source.h"

#include <memory>
#include <vector>

namespace planish {

/// The loss of one model on one plan of windows.
struct LossResult {
    std::vector<double> windowNll; ///< nats, summed over the window's scored tokens in double
    double nllSum = 0;
};

/// A quantized model against the unquantized one on the same windows.
struct ComparisonResult {
    LossResult loss;              ///< of the quantized model
    LossResult baseline;          ///< of the unquantized model
    DivergenceSummary divergence; ///< KL(baseline ‖ quantized)
    double top1Agreement = 0;     ///< fraction of scored positions with the same most likely token
};

/// Hidden states of larger plans are not kept whole: evaluation goes through the plan in parts of at most so
/// many bytes.
inline constexpr std::uint64_t hiddenStateBudget = std::uint64_t{1} << 30;

/// The final hidden states of a plan's windows when they fit the budget, to be shared by several comparisons.
/// Null when they do not. Reports its progress in windows × blocks.
std::shared_ptr<const HiddenStates> finalHiddenStates(const WeightSource& source, const WindowPlan& plan,
                                                      Workers& workers, JobMonitor& monitor,
                                                      Arithmetic arithmetic = Arithmetic::float32);

/// Scores every target of the plan.
LossResult evaluateLoss(const WeightSource& source, const WindowPlan& plan, Workers& workers,
                        JobMonitor& monitor, Arithmetic arithmetic = Arithmetic::float32);

/// Scores both and compares their distributions position by position; no logits are stored. `baselineStates`
/// may come from finalHiddenStates(baseline, plan) and spares that work; null computes them here, part by
/// part.
ComparisonResult evaluateAgainst(const WeightSource& quantized, const WeightSource& baseline,
                                 const std::shared_ptr<const HiddenStates>& baselineStates,
                                 const WindowPlan& plan, Workers& workers, JobMonitor& monitor,
                                 Arithmetic arithmetic = Arithmetic::float32);

} // namespace planish
