// SPDX-License-Identifier: GPL-3.0-or-later
#include "tokenizer/vocabulary.h"

#include "tokenizer/byte_level.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

namespace planish {
namespace {

constexpr std::size_t longestAddedToken = 4096; // bytes

/// The added token of this text, which may stand in the vocabulary too.
const AddedToken* findAdded(const std::map<std::string_view, const AddedToken*>& added,
                            std::string_view text) {
    const auto at = added.find(text);
    return at == added.end() ? nullptr : at->second;
}

bool hasByteLevel(const Json& step) {
    if (!step.is_object()) {
        return false;
    }
    const auto items = step.find("pretokenizers");
    const auto type = step.find("type");
    return (type != step.end() && *type == "ByteLevel") ||
           (items != step.end() && items->is_array() &&
            std::any_of(items->begin(), items->end(), hasByteLevel));
}

TokenId largestId(const TokenizerFile& file, const std::vector<AddedToken>& added) {
    TokenId largest = -1;
    for (const auto& [spelling, id] : file.vocabulary) {
        largest = std::max(largest, id);
    }
    for (const AddedToken& token : added) {
        largest = std::max(largest, token.id);
    }
    return largest;
}

} // namespace

std::vector<AddedToken> readAddedTokens(const TokenizerFile& file) {
    const JsonObject document(file.settings, file.path);
    std::vector<AddedToken> tokens;
    if (!document.has("added_tokens")) {
        return tokens;
    }
    for (const Json& item : document.array("added_tokens")) {
        const JsonObject json(item, file.path, fmt::format("added_tokens[{}]", tokens.size()));
        AddedToken token;
        token.id = static_cast<TokenId>(json.integer("id", 0, largestTokenId));
        token.content = json.string("content");
        token.special = json.boolean("special", false);
        token.singleWord = json.boolean("single_word", false);
        token.stripLeft = json.boolean("lstrip", false);
        token.stripRight = json.boolean("rstrip", false);
        token.normalized = json.boolean("normalized", !token.special);
        if (token.content.empty() || token.content.size() > longestAddedToken) {
            throw InputError(file.path, json.fieldPath("content"),
                             fmt::format("1 to {} bytes", longestAddedToken),
                             fmt::format("{} bytes", token.content.size()));
        }
        tokens.push_back(std::move(token));
    }
    return tokens;
}

Spelling spellingOf(const TokenizerFile& file) {
    const JsonObject document(file.settings, file.path);
    if (document.has("pre_tokenizer") && hasByteLevel(document.at("pre_tokenizer"))) {
        return Spelling::byteLevel;
    }
    if (document.has("decoder")) {
        const bool bytes = document.object("decoder").string("type") == "ByteLevel";
        return bytes ? Spelling::byteLevel : Spelling::text;
    }
    const bool fallsBack = document.has("model") && document.object("model").boolean("byte_fallback", false);
    return fallsBack ? Spelling::text : Spelling::byteLevel;
}

Vocabulary::Vocabulary(const TokenizerFile& file, const std::vector<AddedToken>& added, Spelling spelled) {
    const auto bytesOf = [&](const std::string& text) {
        return spelled == Spelling::text ? std::optional(text) : byteLevelBytes(text);
    };
    if (file.vocabulary.empty()) {
        throw InputError(file.path, "model.vocab", "at least one token", "none");
    }
    spans_.resize(static_cast<std::size_t>(largestId(file, added)) + 1);
    std::map<std::string_view, const AddedToken*> addedByText;
    for (const AddedToken& token : added) {
        if (!addedByText.emplace(token.content, &token).second) {
            throw InputError(file.path, "added_tokens", "each content once", token.content);
        }
    }
    for (const auto& [spelling, id] : file.vocabulary) {
        const auto bytes = bytesOf(spelling);
        const AddedToken* token = findAdded(addedByText, spelling);
        if (token != nullptr && token->id != id) {
            throw InputError(file.path, fmt::format("model.vocab.{}", spelling),
                             fmt::format("id {} as in added_tokens", token->id), fmt::format("{}", id));
        }
        if (spelling.empty() || (!bytes && token == nullptr)) {
            throw InputError(file.path, fmt::format("model.vocab.{}", spelling),
                             "a token spelled in byte-level characters",
                             spelling.empty() ? "an empty one" : "other characters");
        }
        add(id, bytes ? *bytes : spelling, spelling, file.path);
        if (bytes) {
            sorted_.push_back(id);
        }
        addedByText.erase(spelling);
    }
    for (const auto& [text, token] : addedByText) {
        // Spelled bytes or not, as the byte-level decoder reads added tokens.
        add(token->id, bytesOf(std::string(text)).value_or(std::string(text)), text, file.path);
    }
    std::sort(sorted_.begin(), sorted_.end(), [this](TokenId a, TokenId b) { return bytes(a) < bytes(b); });
    const auto twice = std::adjacent_find(sorted_.begin(), sorted_.end(),
                                          [this](TokenId a, TokenId b) { return bytes(a) == bytes(b); });
    if (twice != sorted_.end()) {
        throw InputError(file.path, fmt::format("model.vocab.{}", bytes(*twice)), "each token once",
                         fmt::format("the ids {} and {}", twice[0], twice[1]));
    }
}

void Vocabulary::add(TokenId id, std::string_view bytes, std::string_view spelling, const std::string& path) {
    Span& span = spans_[static_cast<std::size_t>(id)];
    if (span.size != 0) {
        throw InputError(path, spelling, "an id of its own",
                         fmt::format("{}, the id of {} too", id, this->bytes(id)));
    }
    span = {static_cast<std::uint32_t>(pool_.size()), static_cast<std::uint32_t>(bytes.size())};
    pool_ += bytes;
    ++tokenCount_;
}

std::string_view Vocabulary::bytes(TokenId id) const {
    if (id < 0 || static_cast<std::size_t>(id) >= spans_.size()) {
        return {};
    }
    const Span& span = spans_[static_cast<std::size_t>(id)];
    return std::string_view(pool_).substr(span.begin, span.size);
}

std::optional<TokenId> Vocabulary::find(std::string_view wanted) const {
    const auto at = std::lower_bound(sorted_.begin(), sorted_.end(), wanted,
                                     [this](TokenId id, std::string_view text) { return bytes(id) < text; });
    return at == sorted_.end() || bytes(*at) != wanted ? std::nullopt : std::optional(*at);
}

} // namespace planish
