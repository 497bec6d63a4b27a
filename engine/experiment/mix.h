// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "allocation/prediction.h"
#include "experiment/sensitivity_study.h"
#include "recipe/recipe.h"

#include <span>
#include <string>
#include <vector>

namespace planish {

/// What a mix may take, or cost.
struct MixBudget {
    enum class Kind {
        bitsPerWeight,  ///< over the decoder linears, or all tensors that may be chosen for
        bytes,          ///< of the whole model
        deltaPplPercent ///< predicted, at most; the mix is then the smallest that keeps it
    };
    Kind kind = Kind::bitsPerWeight;
    double limit = 0;
};

/// What is asked of a mix.
struct MixSpec {
    MixBudget budget;
    std::vector<std::string> codecs{}; ///< to choose from; empty: all the record has
    bool wholeModel = false;           ///< embedding and head are chosen too, and their bits count
    bool fused = false;        ///< q, k, v alike in a block, and gate and up: some programs store them as one
    bool protectEnds = false;  ///< first and last block in the candidate of least error
    std::string rest = "bf16"; ///< codec of everything else
};

/// The best mix for a budget, as predicted.
struct Mix {
    Recipe recipe;
    RecipeSize size;
    Prediction prediction;
    /// No mix of the candidates within the budget has a predicted divergence (or for a limit of ΔPPL a size)
    /// smaller by more than this fraction; 0 when this is proven to be the best.
    double gap = 0;
};

/// Chooses a codec for each tensor. Throws InputError when the record lacks a candidate, and when the budget
/// cannot be met, saying what could.
Mix bestMix(const SensitivityRecord& record, const MixSpec& spec, std::span<const TensorInfo> tensors,
            bool tiedEmbedding);

/// The mixes a growing budget passes through, from the smallest to the best: the predicted frontier.
struct PredictedPoint {
    double bitsPerWeight = 0;
    std::uint64_t totalBytes = 0;
    Prediction prediction;
};
std::vector<PredictedPoint> predictedFrontier(const SensitivityRecord& record, const MixSpec& spec,
                                              std::span<const TensorInfo> tensors, bool tiedEmbedding);

/// What a run of these tensors should have measured by the record's sensitivities, from the errors it has.
Prediction predictRun(const SensitivityRecord& record, std::span<const TensorResult> tensors);

/// The record with sensitivities that also explain what runs of its model measured: each tensor's corrected
/// by up to some tens of percent, all of them by a common factor (linear regression with normal priors). Runs
/// of other models, and those too lossy for costs to add up, are left out.
SensitivityRecord refined(const SensitivityRecord& record, std::span<const RunRecord> runs);

} // namespace planish
