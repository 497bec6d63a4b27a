// SPDX-License-Identifier: GPL-3.0-or-later
#include "tokenizer/word_cache.h"

#include <algorithm>
#include <bit>
#include <functional>

namespace planish {
namespace {

constexpr std::size_t mostSlots = 1 << 15;
constexpr std::size_t longestWord = 64; // longer ones hardly repeat

} // namespace

WordCache::WordCache(std::size_t textSize)
    : slots_(std::bit_ceil(std::clamp<std::size_t>(textSize / 8, 1, mostSlots))) {}

std::size_t WordCache::slotOf(std::string_view word) const {
    return std::hash<std::string_view>{}(word) & (slots_.size() - 1);
}

bool WordCache::repeat(std::string_view word, std::vector<TokenId>& output) const {
    const Slot& slot = slots_[slotOf(word)];
    if (slot.word != word || slot.word.empty()) {
        return false;
    }
    const std::size_t size = output.size();
    output.resize(size + slot.count);
    std::copy_n(output.begin() + static_cast<std::ptrdiff_t>(slot.first), slot.count,
                output.begin() + static_cast<std::ptrdiff_t>(size));
    return true;
}

void WordCache::remember(std::string_view word, std::size_t first, std::size_t count) {
    if (word.size() <= longestWord) {
        slots_[slotOf(word)] = {word, first, count};
    }
}

} // namespace planish
