// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace planish {

/// Whether `text` is well-formed UTF-8 (no overlong forms, no surrogates, at most U+10FFFF).
bool isUtf8(std::string_view text);

/// `text` with every ill-formed part replaced by U+FFFD, the maximal-subpart practice of the Unicode
/// standard.
std::string toValidUtf8(std::string_view text);

/// Up to `count` of `candidates` nearest to `word` in edit distance, nearest first; those farther than
/// half the word's length are left out. For "did you mean" hints.
std::vector<std::string> nearest(std::string_view word, std::span<const std::string> candidates,
                                 std::size_t count = 3);

/// Whether `name` matches the shell-like `pattern`: '*' any run of characters, '?' one, all else literal.
/// Linear in practice: at most O(pattern × name).
bool globMatches(std::string_view pattern, std::string_view name);

/// "1.5 MiB", "312 B": binary units with three significant digits.
std::string formatBytes(std::uint64_t bytes);

/// "< 0.1 s", "0.8 s", "2 min 05 s", "3 h 20 min".
std::string formatSeconds(double seconds);

} // namespace planish
