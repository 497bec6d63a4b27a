// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "experiment/compare.h"
#include "experiment/mix.h"
#include "experiment/run_executor.h"

#include <functional>
#include <vector>

namespace planish {

/// What measuring mixes takes beside their specification.
struct AllocationSpec {
    MixSpec mix;
    RunSpec run;            ///< how mixes are measured; its recipe is not looked at
    std::size_t rounds = 2; ///< mixes measured at most; each learns from those before
};

/// A recipe, what it was predicted to cost and what it cost.
struct MeasuredMix {
    Mix mix;
    RunRecord run;
    bool isUniform = false; ///< the best single codec within the budget, which mixes have to beat
};

/// The answer to a budget.
struct AllocationResult {
    std::vector<MeasuredMix> measured; ///< in the order they were
    /// The one to take: the least measured divergence within the budget, or for a limit of ΔPPL the smallest
    /// that kept it, if any did. Never a mix that measured worse than the uniform recipe.
    std::size_t best = 0;
    PairedDifference againstUniform; ///< of the best's perplexity; incomparable when no codec alone fits
};

/// Chooses mixes by the record's predictions and measures them; what each measures corrects the predictions
/// for the next one. `finished` is told every run. Throws InputError when the budget cannot be met,
/// Cancelled.
AllocationResult allocate(const SensitivityRecord& record, const AllocationSpec& spec, const Model& model,
                          RunExecutor& executor, JobMonitor& monitor,
                          const std::function<void(const RunRecord&)>& finished);

/// The answer as the JSON object of the command line.
Json toJson(const AllocationResult& result);
/// A prediction alone.
Json toJson(const Mix& mix);

} // namespace planish
