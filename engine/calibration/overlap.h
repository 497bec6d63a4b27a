// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "tokenizer/tokenizer.h"

#include <cstddef>
#include <span>

namespace planish {

/// Tokens of a run that counts as copied: about a sentence, which independent texts do not share by chance.
constexpr std::size_t overlapRun = 20;

/// How much of the evaluation text is also in the calibration text: the fraction of `evaluation` that lies in
/// runs of overlapRun tokens that occur in `calibration` too. Both are windows one after another, of as many
/// tokens as the context says (0: all one window; the last may be shorter), and runs do not cross from one
/// window to the next. Exact; linear in both lengths. 0 when `evaluation` is empty.
double overlap(std::span<const TokenId> calibration, std::size_t calibrationContext,
               std::span<const TokenId> evaluation, std::size_t evaluationContext);

} // namespace planish
