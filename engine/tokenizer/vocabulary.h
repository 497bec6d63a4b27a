// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "tokenizer/tokenizer.h"
#include "tokenizer/tokenizer_file.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace planish {

/// One entry of "added_tokens": text that is recognized before anything else looks at it.
struct AddedToken {
    TokenId id = 0;
    std::string content;
    bool special = false;    ///< left out when decoding, if so asked
    bool singleWord = false; ///< only where no word character touches it
    bool stripLeft = false;  ///< takes the white space before it along
    bool stripRight = false; ///< and the white space after it
    bool normalized = false; ///< looked for after the others
};

/// Reads and checks "added_tokens".
std::vector<AddedToken> readAddedTokens(const TokenizerFile& file);

/// How tokens are written in a vocabulary: as bytes in the byte-level spelling, or as text.
enum class Spelling { byteLevel, text };

/// Which of them a tokenizer.json has: bytes where text is cut or put together by ByteLevel.
Spelling spellingOf(const TokenizerFile& file);

/// What each id is spelled as, in bytes, and back. Every id has one token at most.
class Vocabulary {
  public:
    /// Throws InputError for an id given twice, an empty token, a token that does not spell bytes and is no
    /// added one, or an added token whose id contradicts the vocabulary.
    Vocabulary(const TokenizerFile& file, const std::vector<AddedToken>& added, Spelling spelling);

    /// One past the largest id.
    std::size_t size() const { return spans_.size(); }
    std::size_t tokenCount() const { return tokenCount_; }
    /// Empty for an id without token.
    std::string_view bytes(TokenId id) const;
    /// The ordinary token of exactly these bytes.
    std::optional<TokenId> find(std::string_view bytes) const;

  private:
    struct Span {
        std::uint32_t begin = 0;
        std::uint32_t size = 0;
    };
    void add(TokenId id, std::string_view bytes, std::string_view spelling, const std::string& path);

    std::string pool_; ///< the bytes of all tokens
    std::vector<Span> spans_;
    std::vector<TokenId> sorted_; ///< ordinary tokens by their bytes
    std::size_t tokenCount_ = 0;
};

} // namespace planish
