// SPDX-License-Identifier: GPL-3.0-or-later
#include "tokenizer/added_token_finder.h"

#include <algorithm>

namespace planish {
namespace {

std::size_t characterBefore(std::string_view text, std::size_t at) {
    do {
        --at;
    } while (at > 0 && (static_cast<unsigned char>(text[at]) & 0xc0) == 0x80);
    return at;
}

bool isOne(const Pattern& pattern, std::string_view character) {
    return Pattern::Matcher(pattern).find(character, 0).has_value();
}

} // namespace

AddedTokenFinder::AddedTokenFinder(const std::vector<AddedToken>& tokens, bool normalized) {
    bool needsClasses = false;
    for (const AddedToken& token : tokens) {
        if (token.normalized == normalized) {
            tokens_.push_back(token);
            starts_[static_cast<unsigned char>(token.content.front())] = true;
            needsClasses |= token.singleWord || token.stripLeft || token.stripRight;
        }
    }
    std::sort(tokens_.begin(), tokens_.end(),
              [](const AddedToken& a, const AddedToken& b) { return a.content < b.content; });
    if (needsClasses) {
        word_ =
            Pattern::regex(R"([\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\p{Join_Control}])", "added_tokens", "word");
        space_ = Pattern::regex(R"(\s)", "added_tokens", "space");
    }
}

const AddedToken* AddedTokenFinder::longestAt(std::string_view whole, std::size_t at) const {
    const AddedToken* longest = nullptr;
    auto begin = tokens_.begin();
    auto end = tokens_.end();
    // Narrows the tokens down to those that share the next byte with the text, byte by byte.
    for (std::size_t length = 0; begin != end; ++length) {
        if (begin->content.size() == length) {
            longest = &*begin++;
        }
        if (at + length == whole.size()) {
            break;
        }
        const auto byte = static_cast<unsigned char>(whole[at + length]);
        const auto byteOf = [length](const AddedToken& token) {
            return static_cast<unsigned char>(token.content[length]);
        };
        begin = std::partition_point(begin, end, [&](const AddedToken& t) { return byteOf(t) < byte; });
        end = std::partition_point(begin, end, [&](const AddedToken& t) { return byteOf(t) == byte; });
    }
    return longest;
}

bool AddedTokenFinder::touchesWord(std::string_view whole, std::size_t begin, std::size_t end) const {
    if (begin > 0) {
        const std::size_t before = characterBefore(whole, begin);
        if (isOne(*word_, whole.substr(before, begin - before))) {
            return true;
        }
    }
    return end < whole.size() && isOne(*word_, whole.substr(end, nextCharacter(whole, end) - end));
}

void AddedTokenFinder::split(std::string_view whole, const std::function<void(std::string_view)>& text,
                             const std::function<void(TokenId)>& token) const {
    std::size_t done = 0; // everything before is passed on
    std::size_t at = tokens_.empty() ? whole.size() : 0;
    while (at < whole.size()) {
        const AddedToken* found =
            starts_[static_cast<unsigned char>(whole[at])] ? longestAt(whole, at) : nullptr;
        if (found == nullptr) {
            ++at;
            continue;
        }
        std::size_t begin = at;
        std::size_t end = at + found->content.size();
        at = end;
        if (found->singleWord && touchesWord(whole, begin, end)) {
            continue;
        }
        while (found->stripLeft && begin > done) {
            const std::size_t before = characterBefore(whole, begin);
            if (!isOne(*space_, whole.substr(before, begin - before))) {
                break;
            }
            begin = before;
        }
        while (found->stripRight && end < whole.size()) {
            const std::size_t after = nextCharacter(whole, end);
            if (!isOne(*space_, whole.substr(end, after - end))) {
                break;
            }
            end = after;
        }
        if (done < begin) {
            text(whole.substr(done, begin - done));
        }
        token(found->id);
        done = std::max(done, end);
    }
    if (done < whole.size()) {
        text(whole.substr(done));
    }
}

} // namespace planish
