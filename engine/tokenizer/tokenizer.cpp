// SPDX-License-Identifier: GPL-3.0-or-later
#include "tokenizer/tokenizer.h"

#include "support/text.h"
#include "tokenizer/added_token_finder.h"
#include "tokenizer/byte_pair_encoder.h"
#include "tokenizer/post_processor.h"
#include "tokenizer/pre_tokenizer.h"
#include "tokenizer/vocabulary.h"
#include "tokenizer/word_cache.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <system_error>

namespace planish {
namespace {

constexpr std::size_t longestText = std::numeric_limits<std::int32_t>::max();

/// Refuses the kinds of tokenizer that this one would read wrongly, naming what is different.
void refuseOtherKinds(const TokenizerFile& file) {
    const JsonObject document(file.settings, file.path);
    const JsonObject model = document.object("model");
    if (const std::string type = model.string("type", "BPE"); type != "BPE") {
        throw InputError(file.path, "model.type", "BPE", type);
    }
    if (model.boolean("byte_fallback", false)) {
        throw InputError(file.path, "model.byte_fallback", "false, a byte-level vocabulary",
                         "true, a SentencePiece one");
    }
    for (const auto& [key, expected] : {std::pair("normalizer", ""), std::pair("decoder", "ByteLevel")}) {
        const std::string type = document.has(key) ? document.object(key).string("type") : "";
        if (!type.empty() && type != expected) {
            throw InputError(file.path, fmt::format("{}.type", key),
                             *expected == '\0' ? "no normalizer" : expected, type);
        }
    }
}

std::string findFile(const std::filesystem::path& folder) {
    std::error_code ignored;
    if (!std::filesystem::exists(folder / "tokenizer.json", ignored) &&
        std::filesystem::exists(folder / "tokenizer.model", ignored)) {
        throw InputError(folder.string(), "tokenizer", "tokenizer.json with byte-level BPE",
                         "tokenizer.model, a SentencePiece vocabulary");
    }
    return (folder / "tokenizer.json").string();
}

} // namespace

struct Tokenizer::State {
    explicit State(const TokenizerFile& file)
        : added(readAddedTokens(file)),
          vocabulary(file, added),
          encoder(file, vocabulary),
          preTokenizer(file),
          postProcessor(readPostProcessor(file, vocabulary.size())),
          firstAdded(added, false),
          thenAdded(added, true),
          isSpecial(vocabulary.size(), false) {
        for (const AddedToken& token : added) {
            isSpecial[static_cast<std::size_t>(token.id)] = token.special;
        }
    }

    std::vector<AddedToken> added;
    Vocabulary vocabulary;
    BytePairEncoder encoder;
    PreTokenizer preTokenizer;
    PostProcessor postProcessor;
    AddedTokenFinder firstAdded;
    AddedTokenFinder thenAdded;
    std::vector<bool> isSpecial; ///< by id
};

Tokenizer Tokenizer::open(const std::filesystem::path& folder) {
    const TokenizerFile file = readTokenizerFile(findFile(folder));
    refuseOtherKinds(file);
    Tokenizer tokenizer;
    tokenizer.state_ = std::make_shared<const State>(file);
    return tokenizer;
}

std::size_t Tokenizer::vocabularySize() const {
    return state_->vocabulary.size();
}

std::string Tokenizer::description() const {
    return fmt::format("byte-level BPE, {} tokens, {} merges", state_->vocabulary.tokenCount(),
                       state_->encoder.mergeCount());
}

std::vector<TokenId> Tokenizer::encode(std::string_view text, bool addSpecial) const {
    std::string repaired;
    if (!isUtf8(text)) {
        repaired = toValidUtf8(text);
        text = repaired;
    }
    if (text.size() > longestText) {
        throw Error(fmt::format("the text has {}; at most {} can be tokenized at once",
                                formatBytes(text.size()), formatBytes(longestText)));
    }
    const State& state = *state_;
    std::vector<TokenId> ids;
    if (addSpecial) {
        ids = state.postProcessor.before;
    }
    PreTokenizer::Splitter splitter(state.preTokenizer);
    WordCache cache(text.size());
    const auto addWord = [&](std::string_view word) {
        if (!cache.repeat(word, ids)) {
            const std::size_t first = ids.size();
            state.encoder.encode(word, state.vocabulary, ids);
            cache.remember(word, first, ids.size() - first);
        }
    };
    const auto addToken = [&](TokenId id) { ids.push_back(id); };
    const auto addText = [&](std::string_view part) { splitter.split(part, addWord); };
    state.firstAdded.split(
        text, [&](std::string_view part) { state.thenAdded.split(part, addText, addToken); }, addToken);
    if (addSpecial) {
        ids.insert(ids.end(), state.postProcessor.after.begin(), state.postProcessor.after.end());
    }
    return ids;
}

std::string Tokenizer::decode(std::span<const TokenId> ids, bool skipSpecial) const {
    std::string bytes;
    for (const TokenId id : ids) {
        const std::string_view token = state_->vocabulary.bytes(id);
        if (!token.empty() && !(skipSpecial && state_->isSpecial[static_cast<std::size_t>(id)])) {
            bytes += token;
        }
    }
    return toValidUtf8(bytes);
}

std::string Tokenizer::tokenBytes(TokenId id) const {
    return std::string(state_->vocabulary.bytes(id));
}

std::optional<TokenId> Tokenizer::idOf(std::string_view token) const {
    const auto special = std::find_if(state_->added.begin(), state_->added.end(),
                                      [&](const AddedToken& added) { return added.content == token; });
    return special != state_->added.end() ? special->id : state_->vocabulary.find(token);
}

std::optional<TokenId> Tokenizer::beginToken() const {
    const std::vector<TokenId>& before = state_->postProcessor.before;
    return before.size() == 1 ? std::optional(before.front()) : std::nullopt;
}

} // namespace planish
