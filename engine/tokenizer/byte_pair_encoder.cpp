// SPDX-License-Identifier: GPL-3.0-or-later
#include "tokenizer/byte_pair_encoder.h"

#include "tokenizer/byte_level.h"
#include "tokenizer/pattern.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <limits>
#include <queue>

namespace planish {
namespace {

constexpr std::size_t shortWord = 64; // bytes up to which searching for the lowest rank beats a heap
constexpr std::uint32_t noRank = std::numeric_limits<std::uint32_t>::max();

void refuseIf(bool refused, const JsonObject& model, const char* key, std::string_view expected,
              std::string_view found) {
    if (refused) {
        throw InputError(model.source(), model.fieldPath(key), expected, found);
    }
}

std::optional<std::string> bytesOf(const std::string& text, Spelling spelling) {
    return spelling == Spelling::text ? std::optional(text) : byteLevelBytes(text);
}

TokenId mergePart(const std::string& spelling, std::size_t rank, const TokenizerFile& file,
                  const Vocabulary& vocabulary, Spelling spelled) {
    const auto bytes = bytesOf(spelling, spelled);
    const auto id = bytes ? vocabulary.find(*bytes) : std::nullopt;
    if (!id) {
        throw InputError(file.path, fmt::format("model.merges[{}]", rank), "tokens of the vocabulary",
                         spelling.empty() ? "an empty one" : spelling);
    }
    return *id;
}

} // namespace

BytePairEncoder::BytePairEncoder(const TokenizerFile& file, const Vocabulary& vocabulary, Spelling spelling)
    : spelling_(spelling) {
    readSettings(file, vocabulary);
    readMerges(file, vocabulary);
    const bool fallsBack =
        spelling == Spelling::text &&
        JsonObject(file.settings, file.path).object("model").boolean("byte_fallback", false);
    for (std::size_t byte = 0; byte < byteTokens_.size(); ++byte) {
        const char text = static_cast<char>(byte);
        byteTokens_[byte] = vocabulary.find({&text, 1}).value_or(-1);
        fallback_[byte] = fallsBack ? vocabulary.find(fmt::format("<0x{:02X}>", byte)).value_or(-1) : -1;
    }
}

void BytePairEncoder::readSettings(const TokenizerFile& file, const Vocabulary& vocabulary) {
    const JsonObject document(file.settings, file.path);
    const JsonObject model = document.object("model");
    const std::string affix = "null (not supported)";
    refuseIf(model.number("dropout", 0) != 0, model, "dropout", "null or 0", "another value");
    for (const char* key : {"continuing_subword_prefix", "end_of_word_suffix"}) {
        refuseIf(!model.string(key, "").empty(), model, key, affix, model.string(key, ""));
    }
    fuseUnknown_ = model.boolean("fuse_unk", false);
    ignoreMerges_ = model.boolean("ignore_merges", false);
    if (model.has("unk_token")) {
        const std::string unknown = model.string("unk_token");
        unknown_ = vocabulary.find(bytesOf(unknown, spelling_).value_or(unknown));
        refuseIf(!unknown_, model, "unk_token", "a token of the vocabulary", unknown);
    }
}

void BytePairEncoder::readMerges(const TokenizerFile& file, const Vocabulary& vocabulary) {
    struct Entry {
        TokenId left;
        Merge merge;
    };
    std::vector<Entry> entries;
    entries.reserve(file.merges.size());
    for (std::size_t rank = 0; rank < file.merges.size(); ++rank) {
        const auto& [leftText, rightText] = file.merges[rank];
        const TokenId left = mergePart(leftText, rank, file, vocabulary, spelling_);
        const TokenId right = mergePart(rightText, rank, file, vocabulary, spelling_);
        const TokenId result = mergePart(leftText + rightText, rank, file, vocabulary, spelling_);
        entries.push_back({left, {right, static_cast<std::uint32_t>(rank), result}});
    }
    // Of a pair listed twice the later rank counts, as in the Hugging Face library.
    std::sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) {
        return std::tuple(a.left, a.merge.right, b.merge.rank) <
               std::tuple(b.left, b.merge.right, a.merge.rank);
    });
    entries.erase(std::unique(entries.begin(), entries.end(),
                              [](const Entry& a, const Entry& b) {
                                  return a.left == b.left && a.merge.right == b.merge.right;
                              }),
                  entries.end());
    firstMerge_.assign(vocabulary.size() + 1, 0);
    merges_.reserve(entries.size());
    for (const Entry& entry : entries) {
        merges_.push_back(entry.merge);
        ++firstMerge_[static_cast<std::size_t>(entry.left) + 1];
    }
    for (std::size_t left = 1; left < firstMerge_.size(); ++left) {
        firstMerge_[left] += firstMerge_[left - 1];
    }
}

const BytePairEncoder::Merge* BytePairEncoder::find(TokenId left, TokenId right) const {
    const Merge* begin = merges_.data() + firstMerge_[static_cast<std::size_t>(left)];
    const Merge* end = merges_.data() + firstMerge_[static_cast<std::size_t>(left) + 1];
    const Merge* at =
        std::lower_bound(begin, end, right, [](const Merge& merge, TokenId id) { return merge.right < id; });
    return at == end || at->right != right ? nullptr : at;
}

bool BytePairEncoder::addCharacter(std::string_view character, const Vocabulary& vocabulary,
                                   std::vector<TokenId>& tokens) const {
    const TokenId whole = character.size() == 1 ? byteTokens_[static_cast<unsigned char>(character.front())]
                                                : vocabulary.find(character).value_or(-1);
    if (whole >= 0) {
        tokens.push_back(whole);
        return true;
    }
    const auto byteToken = [&](char c) { return fallback_[static_cast<unsigned char>(c)]; };
    if (!std::all_of(character.begin(), character.end(), [&](char c) { return byteToken(c) >= 0; })) {
        return false;
    }
    std::transform(character.begin(), character.end(), std::back_inserter(tokens), byteToken);
    return true;
}

std::vector<TokenId> BytePairEncoder::startTokens(std::string_view word, const Vocabulary& vocabulary) const {
    std::vector<TokenId> tokens;
    tokens.reserve(word.size());
    bool inUnknown = false;
    for (std::size_t at = 0; at < word.size();) {
        const std::size_t end = spelling_ == Spelling::text ? nextCharacter(word, at) : at + 1;
        const bool known = addCharacter(word.substr(at, end - at), vocabulary, tokens);
        if (!known && unknown_ && !(inUnknown && fuseUnknown_)) {
            tokens.push_back(*unknown_);
        }
        inUnknown = !known;
        at = end;
    }
    return tokens;
}

void BytePairEncoder::encode(std::string_view word, const Vocabulary& vocabulary,
                             std::vector<TokenId>& out) const {
    if (ignoreMerges_) {
        if (const auto whole = vocabulary.find(word)) {
            out.push_back(*whole);
            return;
        }
    }
    std::vector<TokenId> tokens = startTokens(word, vocabulary);
    if (tokens.size() <= shortWord) {
        encodeShort(tokens);
    } else {
        encodeLong(tokens);
    }
    out.insert(out.end(), tokens.begin(), tokens.end());
}

void BytePairEncoder::encodeShort(std::vector<TokenId>& tokens) const {
    std::array<const Merge*, shortWord> merges{}; // [i]: of the tokens i and i + 1
    for (std::size_t i = 0; i + 1 < tokens.size(); ++i) {
        merges[i] = find(tokens[i], tokens[i + 1]);
    }
    while (tokens.size() > 1) {
        std::size_t best = 0;
        std::uint32_t bestRank = noRank;
        for (std::size_t i = 0; i + 1 < tokens.size(); ++i) {
            if (merges[i] != nullptr && merges[i]->rank < bestRank) {
                best = i;
                bestRank = merges[i]->rank;
            }
        }
        if (bestRank == noRank) {
            return;
        }
        tokens[best] = merges[best]->result;
        tokens.erase(tokens.begin() + static_cast<std::ptrdiff_t>(best) + 1);
        std::copy(merges.begin() + best + 1, merges.begin() + tokens.size(), merges.begin() + best);
        if (best > 0) {
            merges[best - 1] = find(tokens[best - 1], tokens[best]);
        }
        merges[best] = best + 1 < tokens.size() ? find(tokens[best], tokens[best + 1]) : nullptr;
    }
}

/// A token of a long word in a doubly linked list by position; -1 as position is the end.
struct BytePairEncoder::Symbol {
    TokenId token; ///< -1 when merged into the one before
    std::int32_t previous;
    std::int32_t next;
};

void BytePairEncoder::encodeLong(std::vector<TokenId>& tokens) const {
    struct Candidate {
        std::uint32_t rank;
        std::int32_t at;
        bool operator<(const Candidate& other) const {
            return std::tie(other.rank, other.at) < std::tie(rank, at); // the lowest comes first
        }
    };
    const auto count = static_cast<std::int32_t>(tokens.size());
    std::vector<Symbol> symbols;
    symbols.reserve(tokens.size());
    for (std::int32_t i = 0; i < count; ++i) {
        symbols.push_back({tokens[static_cast<std::size_t>(i)], i - 1, i + 1 < count ? i + 1 : -1});
    }
    const auto symbol = [&](std::int32_t at) -> Symbol& { return symbols[static_cast<std::size_t>(at)]; };
    const auto mergeAt = [&](std::int32_t at) {
        const std::int32_t next = symbol(at).next;
        return next < 0 ? nullptr : find(symbol(at).token, symbol(next).token);
    };
    std::vector<Candidate> start;
    for (std::int32_t i = 0; i < count; ++i) {
        if (const Merge* merge = mergeAt(i)) {
            start.push_back({merge->rank, i});
        }
    }
    std::priority_queue<Candidate> candidates(std::less<Candidate>{}, std::move(start));
    const auto consider = [&](std::int32_t at) {
        if (const Merge* merge = at < 0 ? nullptr : mergeAt(at)) {
            candidates.push({merge->rank, at});
        }
    };
    while (!candidates.empty()) {
        const Candidate candidate = candidates.top();
        candidates.pop();
        Symbol& left = symbol(candidate.at);
        const Merge* merge = left.token < 0 ? nullptr : mergeAt(candidate.at);
        if (merge == nullptr || merge->rank != candidate.rank) {
            continue; // one of the two has been merged since
        }
        Symbol& right = symbol(left.next);
        left.token = merge->result;
        left.next = right.next;
        right.token = -1;
        if (left.next >= 0) {
            symbol(left.next).previous = candidate.at;
        }
        consider(left.previous);
        consider(candidate.at);
    }
    tokens.clear();
    for (std::int32_t at = count > 0 ? 0 : -1; at >= 0; at = symbol(at).next) {
        tokens.push_back(symbol(at).token);
    }
}

} // namespace planish
