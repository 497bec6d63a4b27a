// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "support/json.h"
#include "tokenizer/tokenizer.h"

#include <filesystem>
#include <string>

namespace planish::test {

/// A tokenizer.json with all 256 bytes (ids 0 to 255 in byte order), "ab" 256, "bc" 257, "abc" 258 (merged
/// "ab" + "c"), "Ġa" 259, added tokens "<s>" 300 and "</s>" 301, no template, ByteLevel without its pattern.
Json tinyTokenizer();
/// JSON written with ' for ".
Json quotedJson(std::string text);
/// How byte-level vocabularies spell a byte, in UTF-8.
std::string spelledByte(int byte);
/// Writes `document` as FOLDER/tokenizer.json and opens it.
Tokenizer openTokenizer(const std::filesystem::path& folder, const std::string& document);
Tokenizer openTokenizer(const std::filesystem::path& folder, const Json& document);

} // namespace planish::test
