// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "tokenizer/tokenizer.h"

#include <string_view>
#include <vector>

namespace planish {

/// Remembers where in the output the tokens of recent words stand, so that a word seen again is copied from
/// there. A word overwrites another of the same slot: constant cost whatever the text.
class WordCache {
  public:
    /// Sized for a text of so many bytes.
    explicit WordCache(std::size_t textSize);

    /// Appends the tokens of `word` to `output` if they are known.
    bool repeat(std::string_view word, std::vector<TokenId>& output) const;
    /// The tokens of `word` are output[first, first + count). `word` and the output must outlive this.
    void remember(std::string_view word, std::size_t first, std::size_t count);

  private:
    struct Slot {
        std::string_view word;
        std::size_t first = 0;
        std::size_t count = 0;
    };
    std::size_t slotOf(std::string_view word) const;

    std::vector<Slot> slots_; ///< a power of two
};

} // namespace planish
