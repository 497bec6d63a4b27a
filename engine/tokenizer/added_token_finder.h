// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "tokenizer/pattern.h"
#include "tokenizer/vocabulary.h"

#include <array>
#include <functional>
#include <optional>
#include <string_view>
#include <vector>

namespace planish {

/// Finds added tokens in text: the leftmost, of those that start at the same place the longest. Thread-safe.
class AddedTokenFinder {
  public:
    /// Of `tokens` those whose `normalized` is as given. They are looked for in two rounds, as in the Hugging
    /// Face library: first those that are not normalized, then the others in what is left.
    AddedTokenFinder(const std::vector<AddedToken>& tokens, bool normalized);

    /// Calls `text` for each stretch without added tokens and `token` for each of these, in order.
    void split(std::string_view whole, const std::function<void(std::string_view)>& text,
               const std::function<void(TokenId)>& token) const;

  private:
    const AddedToken* longestAt(std::string_view whole, std::size_t at) const;
    bool touchesWord(std::string_view whole, std::size_t begin, std::size_t end) const;

    std::vector<AddedToken> tokens_; ///< sorted by content
    std::array<bool, 256> starts_{}; ///< whether a token starts with this byte
    std::optional<Pattern> word_;    ///< these two only when a token needs them
    std::optional<Pattern> space_;
};

} // namespace planish
