// SPDX-License-Identifier: GPL-3.0-or-later
#include "experiment/allocate.h"

#include <algorithm>
#include <cmath>

namespace planish {
namespace {

Json finite(double value) {
    return std::isfinite(value) ? Json(value) : Json(nullptr);
}

class Search {
  public:
    Search(const SensitivityRecord& record, const AllocationSpec& spec, const Model& model,
           RunExecutor& executor, JobMonitor& monitor, const std::function<void(const RunRecord&)>& finished)
        : record_(record),
          spec_(spec),
          model_(model),
          executor_(executor),
          monitor_(monitor),
          finished_(finished) {}

    AllocationResult run() {
        // Before anything is measured it is known whether the budget can be met at all.
        std::optional<Mix> next = mixFor(spec_.mix);
        if (std::optional<Mix> uniform = bestUniform()) {
            measure(std::move(*uniform), true);
            if (std::optional<Mix> corrected = learned()) {
                next = std::move(corrected); // texts differ in how much the same errors cost on them
            }
        }
        for (std::size_t round = 0; round < spec_.rounds && next; ++round) {
            measure(std::move(*next), false);
            next = round + 1 < spec_.rounds ? learned() : std::nullopt;
        }
        choose();
        return std::move(result_);
    }

  private:
    bool byDelta() const { return spec_.mix.budget.kind == MixBudget::Kind::deltaPplPercent; }

    Mix mixFor(const MixSpec& spec) const {
        return bestMix(known_ ? *known_ : record_, spec, model_.tensors(), model_.config().tiedEmbedding);
    }

    /// The single codec that is predicted to do best within the budget.
    std::optional<Mix> bestUniform() const {
        std::optional<Mix> best;
        const auto codecs = spec_.mix.codecs.empty() ? record_.codecs() : spec_.mix.codecs;
        for (const std::string& codec : codecs) {
            MixSpec only = spec_.mix;
            only.codecs = {codec};
            only.protectEnds = false;
            try {
                Mix mix = mixFor(only);
                const bool better =
                    !best || (byDelta() ? mix.size.totalBytes < best->size.totalBytes
                                        : mix.prediction.divergence < best->prediction.divergence);
                if (better) {
                    mix.recipe.name = Codec::parse(codec).name();
                    best = std::move(mix);
                }
            } catch (const InputError&) {
                continue; // larger than the budget, or not fit for all of these tensors
            }
        }
        return best;
    }

    void measure(Mix mix, bool isUniform) {
        RunSpec run = spec_.run;
        run.recipe = mix.recipe;
        const auto done = static_cast<double>(result_.measured.size());
        const double all = static_cast<double>(spec_.rounds) + 1;
        PartMonitor part(monitor_, std::min(1.0, done / all), std::min(1.0, (done + 1) / all));
        RunRecord record = executor_.execute(run, part);
        finished_(record);
        result_.measured.push_back({std::move(mix), std::move(record), isUniform});
    }

    /// The mix that what has been measured so far speaks for; nothing when that is one of those measured.
    std::optional<Mix> learned() {
        std::vector<RunRecord> runs;
        for (const MeasuredMix& earlier : result_.measured) {
            runs.push_back(earlier.run);
        }
        known_ = refined(record_, runs);
        try {
            Mix mix = mixFor(spec_.mix);
            const bool isNew = std::none_of(
                result_.measured.begin(), result_.measured.end(), [&](const MeasuredMix& earlier) {
                    return earlier.mix.recipe.rules == mix.recipe.rules &&
                           earlier.mix.recipe.defaultCodec == mix.recipe.defaultCodec;
                });
            return isNew ? std::optional<Mix>(std::move(mix)) : std::nullopt;
        } catch (const InputError&) {
            return std::nullopt; // by what was learned no mix keeps the limit
        }
    }

    /// Whether `a` is a better answer than `b`.
    bool better(const RunRecord& a, const RunRecord& b) const {
        if (!byDelta()) {
            return a.kldMean < b.kldMean;
        }
        const double limit = spec_.mix.budget.limit;
        const bool aKeeps = a.deltaPplPercent <= limit;
        const bool bKeeps = b.deltaPplPercent <= limit;
        return aKeeps != bKeeps
                   ? aKeeps
                   : (aKeeps ? a.packedBytes < b.packedBytes : a.deltaPplPercent < b.deltaPplPercent);
    }

    void choose() {
        result_.againstUniform.incomparable = "no single codec is within the budget";
        for (std::size_t i = 1; i < result_.measured.size(); ++i) {
            if (better(result_.measured[i].run, result_.measured[result_.best].run)) {
                result_.best = i;
            }
        }
        if (result_.measured.front().isUniform) {
            result_.againstUniform =
                pairedDifference(result_.measured[result_.best].run, result_.measured.front().run);
        }
    }

    const SensitivityRecord& record_;
    const AllocationSpec& spec_;
    const Model& model_;
    RunExecutor& executor_;
    JobMonitor& monitor_;
    const std::function<void(const RunRecord&)>& finished_;
    std::optional<SensitivityRecord> known_; ///< the record, corrected by what was measured
    AllocationResult result_;
};

Json toJson(const Prediction& prediction) {
    return {{"kld_mean", finite(prediction.divergence)},
            {"kld_standard_error", finite(prediction.divergenceError)},
            {"delta_ppl_percent", finite(prediction.deltaPplPercent)},
            {"delta_standard_error_percent", finite(prediction.deltaPplErrorPercent)}};
}

} // namespace

AllocationResult allocate(const SensitivityRecord& record, const AllocationSpec& spec, const Model& model,
                          RunExecutor& executor, JobMonitor& monitor,
                          const std::function<void(const RunRecord&)>& finished) {
    return Search(record, spec, model, executor, monitor, finished).run();
}

Json toJson(const Mix& mix) {
    return {{"recipe", mix.recipe.toJson()},
            {"bits_per_weight", mix.size.bitsPerWeight()},
            {"compression", mix.size.compression()},
            {"packed_bytes", mix.size.totalBytes},
            {"gap", mix.gap},
            {"predicted", toJson(mix.prediction)}};
}

Json toJson(const AllocationResult& result) {
    Json measured = Json::array();
    for (const MeasuredMix& each : result.measured) {
        Json entry = toJson(each.mix);
        entry["uniform"] = each.isUniform;
        entry["measured"] = toJson(each.run);
        measured.push_back(std::move(entry));
    }
    Json json = measured[result.best];
    const PairedDifference& difference = result.againstUniform;
    if (difference.incomparable.empty()) {
        json["against_uniform"] = {{"ppl_percent", finite(difference.pplPercent)},
                                   {"standard_error_percent", finite(difference.standardErrorPercent)},
                                   {"significant", difference.significant}};
    }
    json["measurements"] = std::move(measured);
    return json;
}

} // namespace planish
