// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace planish {

/// The "weight_map" of a model.safetensors.index.json: (stored tensor name, file name), sorted by tensor,
/// each once. Read in one pass, as an index may hold a million names. File names are as written: check them.
/// Throws InputError naming file, field, expected and found.
std::vector<std::pair<std::string, std::string>> readWeightMap(const std::string& path);

} // namespace planish
