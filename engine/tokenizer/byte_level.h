// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace planish {

/// The spelling of bytes in byte-level vocabularies (GPT-2, Radford et al. 2019): printable Latin-1 bytes
/// stand for themselves, the other 68 for U+0100 onwards in order. `text` is UTF-8.
/// Returns the bytes it spells, or nothing when a character spells none.
std::optional<std::string> byteLevelBytes(std::string_view text);

} // namespace planish
