// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "model/config.h"

#include <vector>

namespace planish {

/// By what Llama 3's scaling (or the model's own list) divides each of the headSize ÷ 2 frequencies of its
/// rotary embedding; empty when they are as they come.
std::vector<double> ropeDivisors(const ModelConfig& config);

/// θ^(−2i ÷ headSize) divided by that: radians a position.
std::vector<double> ropeFrequencies(const ModelConfig& config);

} // namespace planish
