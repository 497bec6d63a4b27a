// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "model/safetensors.h"

#include <string>
#include <string_view>
#include <vector>

namespace planish {

/// Reads the JSON header of a safetensors file in one pass and in time linear in its length, so that a
/// hostile header of many megabytes costs no more than reading it. Offsets of the entries are left as
/// written, relative to the first value. Checks everything that needs only the header: form, names (each
/// once), types, sizes, and that shape and span agree. Throws InputError naming `source` and the field.
std::vector<SafetensorsEntry> parseSafetensorsHeader(std::string_view header, const std::string& source);

} // namespace planish
