// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "inference/weight_source.h"
#include "support/job.h"
#include "tokenizer/tokenizer.h"

#include <span>
#include <vector>

namespace planish {

/// The negative log likelihood of every token given those before it, nats, [tokens]; NaN for the first, which
/// nothing predicts. Their sum is what evaluateLoss() has for a window of these tokens under the standard
/// convention. Throws InputError for ids outside the vocabulary.
std::vector<double> tokenLosses(const WeightSource& source, std::span<const TokenId> tokens, Workers& workers,
                                JobMonitor& monitor, Arithmetic arithmetic = Arithmetic::float32);

} // namespace planish
