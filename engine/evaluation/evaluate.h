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
    double baselineSeconds = 0;   ///< what of the time went into the baseline's hidden states
};

/// Hidden states of larger plans are not kept whole: evaluation goes through the plan in parts of at most so
/// many bytes.
inline constexpr std::uint64_t hiddenStateBudget = std::uint64_t{1} << 30;

/// Windows of a plan that pass all blocks together: as many as the budget has room for, of `models` models.
std::size_t windowsPerPart(const WindowPlan& plan, const ModelConfig& config, std::size_t models);

/// How an evaluation is computed; its results depend on the arithmetic alone.
struct EvaluateOptions {
    Arithmetic arithmetic = Arithmetic::float32;
    StateCache* cache = nullptr; ///< of hidden states, used and added to when given
    bool keepLogits = false;     ///< of the unquantized model, in the cache: the next comparison spares them
};

/// Scores every target of the plan.
LossResult evaluateLoss(const WeightSource& source, const WindowPlan& plan, Workers& workers,
                        JobMonitor& monitor, const EvaluateOptions& options = {});

/// Scores both and compares their distributions position by position. Stages: "baseline", "evaluate".
ComparisonResult evaluateAgainst(const WeightSource& quantized, const WeightSource& baseline,
                                 const WindowPlan& plan, Workers& workers, JobMonitor& monitor,
                                 const EvaluateOptions& options = {});

} // namespace planish
