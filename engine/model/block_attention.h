// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "model/families.h"
#include "support/json.h"

#include <vector>

namespace planish {

/// Which blocks see a window only and which are not rotated, as config.json says or its family takes for
/// granted; `document` is what `json` reads. Empty when all blocks are rotated and see everything. Throws
/// InputError naming the field.
std::vector<BlockAttention> readBlockAttention(const Json& document, const JsonObject& json,
                                               const ModelFamily& family, std::size_t blocks);

} // namespace planish
