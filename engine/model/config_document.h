// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "model/config.h"
#include "support/json.h"

#include <string>

namespace planish {

/// config.json of a model, which readModelConfig() reads back; `numbers` are the type its weights are in,
/// such as "bfloat16". For models without one, all of which compute as Llama does. Throws Error for others,
/// and for rotary frequencies with divisors of their own, which config.json has no words for.
Json configDocument(const ModelConfig& config, const std::string& numbers);

} // namespace planish
