// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "model/families.h"
#include "support/json.h"

namespace planish {

/// Reads what config.json says of rotary embeddings into `config`, of which the sizes are known: rotarySize,
/// rope and windowRope. Throws InputError for what is wrong or not supported, naming the field.
void readRopes(const JsonObject& json, const ModelFamily& family, ModelConfig& config);

/// A number above 0 and below 1e15; throws InputError otherwise.
double readPositive(const JsonObject& json, const std::string& key, double fallback);

} // namespace planish
