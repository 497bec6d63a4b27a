// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "support/json.h"
#include "tokenizer/tokenizer.h"

#include <string>
#include <utility>
#include <vector>

namespace planish {

/// Ids are dense in practice; holes are allowed, but none beyond this.
constexpr TokenId largestTokenId = 9'999'999;

/// A tokenizer.json taken apart: its two long lists on their own, everything else as JSON.
struct TokenizerFile {
    std::string path;
    Json settings; ///< the document with "vocab" and "merges" of "model" left empty
    std::vector<std::pair<std::string, TokenId>> vocabulary; ///< as written; tokens may repeat
    std::vector<std::pair<std::string, std::string>> merges; ///< by rank; the parts as written
};

/// Reads a tokenizer.json of at most 256 MB in linear time: vocabularies have hundreds of thousands of
/// entries. Ids are checked to lie in [0, largestTokenId], merges to be pairs of words ("a b" or ["a", "b"]).
/// Throws InputError naming file, field, expected and found.
TokenizerFile readTokenizerFile(const std::string& path);

/// The text of a tokenizer.json that reads back the same.
std::string tokenizerFileText(const TokenizerFile& file);

} // namespace planish
