// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "evaluation/settings.h"
#include "model/config.h"
#include "tokenizer/tokenizer.h"

#include <optional>
#include <span>
#include <vector>

namespace planish {

/// A text cut into windows of equal length, and which targets are scored in each: tokens [firstTarget,
/// context), each predicted from the tokens before it in its window.
struct WindowPlan {
    std::size_t windows = 0;
    std::size_t context = 0;
    std::size_t firstTarget = 1; ///< at least 1
    std::vector<TokenId> tokens; ///< [windows × context]

    std::size_t targetsPerWindow() const { return context - firstTarget; }
    std::size_t tokensScored() const { return windows * targetsPerWindow(); }
};

/// Fills in what the settings leave open: context 0 becomes the model's maximum, at most 2048; stride 0 half
/// the context (0 for other conventions). Throws InputError when they contradict each other.
EvaluationSettings resolveSettings(const EvaluationSettings& settings, const ModelConfig& config);

/// Cuts `ids` (a text tokenized once, BOS in front) as resolved settings say (interfaces §2):
/// - standard: consecutive windows, the incomplete tail dropped, every token after a window's first scored;
/// - strided: windows start every `stride` tokens and only the last `stride` tokens of each are scored;
/// - llama.cpp: as standard, but `beginToken` replaces the first token of each window and only targets after
/// the
///   middle, [context/2 + 1, context), are scored.
/// Throws InputError when the text is shorter than one window, or than the number of windows asked for.
WindowPlan planWindows(std::span<const TokenId> ids, const EvaluationSettings& settings,
                       std::optional<TokenId> beginToken);

} // namespace planish
