// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "tokenizer/vocabulary.h"

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace planish {

/// Byte-pair encoding (Sennrich et al. 2016): a word starts as its bytes, or with tokens spelled as text as
/// its characters, those without token as their bytes ("<0xE2>"); the neighbouring pair of the lowest rank,
/// the leftmost of equals, is merged until no pair is in the table.
class BytePairEncoder {
  public:
    /// Reads "model". Throws InputError for other kinds of models, and for merges of or into tokens that the
    /// vocabulary lacks.
    BytePairEncoder(const TokenizerFile& file, const Vocabulary& vocabulary, Spelling spelling);

    std::size_t mergeCount() const { return merges_.size(); }
    /// Appends the tokens of one word. O(n log n) in its length, which is below 2^31.
    void encode(std::string_view word, const Vocabulary& vocabulary, std::vector<TokenId>& out) const;

  private:
    struct Merge {
        TokenId right = 0;
        std::uint32_t rank = 0;
        TokenId result = 0;
    };
    struct Symbol;

    void readSettings(const TokenizerFile& file, const Vocabulary& vocabulary);
    void readMerges(const TokenizerFile& file, const Vocabulary& vocabulary);
    /// Null when the pair is not merged.
    const Merge* find(TokenId left, TokenId right) const;
    std::vector<TokenId> startTokens(std::string_view word, const Vocabulary& vocabulary) const;
    /// Appends the tokens of one character, or those of its bytes; false where there are none.
    bool addCharacter(std::string_view character, const Vocabulary& vocabulary,
                      std::vector<TokenId>& tokens) const;
    void encodeShort(std::vector<TokenId>& tokens) const;
    void encodeLong(std::vector<TokenId>& tokens) const;

    Spelling spelling_;
    std::array<TokenId, 256> byteTokens_{}; ///< -1 where the vocabulary lacks the byte
    std::array<TokenId, 256> fallback_{};   ///< "<0x0A>" of text; -1 likewise, or without byte_fallback
    std::optional<TokenId> unknown_;        ///< stands for such bytes; without it they vanish
    bool fuseUnknown_ = false;              ///< one unknown token for a run of them
    bool ignoreMerges_ = false;             ///< a word that is a token needs no merges
    std::vector<Merge> merges_;             ///< sorted by left token, then right
    std::vector<std::uint32_t> firstMerge_; ///< [left]: where its merges begin; one more at the end
};

} // namespace planish
