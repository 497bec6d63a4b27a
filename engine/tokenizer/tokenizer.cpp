// SPDX-License-Identifier: GPL-3.0-or-later
#include "tokenizer/tokenizer.h"

#include "model/gguf_file.h"
#include "support/text.h"
#include "tokenizer/added_token_finder.h"
#include "tokenizer/byte_pair_model.h"
#include "tokenizer/gguf_tokenizer.h"
#include "tokenizer/normalizer.h"
#include "tokenizer/post_processor.h"
#include "tokenizer/sentencepiece_model.h"

#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <limits>
#include <system_error>

namespace planish {
namespace {

constexpr std::size_t longestText = std::numeric_limits<std::int32_t>::max();

/// Those that are looked for in normalized text, normalized as that is.
std::vector<AddedToken> asTheyAreFound(std::vector<AddedToken> tokens, const Normalizer& normalizer) {
    for (AddedToken& token : tokens) {
        if (std::string content; token.normalized && !(content = normalizer.apply(token.content)).empty()) {
            token.content = std::move(content);
        }
    }
    return tokens;
}

} // namespace

struct Tokenizer::State {
    State(const TokenizerFile& file, std::vector<AddedToken> tokens, std::unique_ptr<const TokenModel> made)
        : added(std::move(tokens)),
          model(std::move(made)),
          normalizer(file),
          postProcessor(readPostProcessor(file, model->size())),
          firstAdded(added, false),
          thenAdded(asTheyAreFound(added, normalizer), true),
          isSpecial(model->size(), false) {
        for (const AddedToken& token : added) {
            isSpecial[static_cast<std::size_t>(token.id)] = token.special;
        }
    }

    std::vector<AddedToken> added;
    std::unique_ptr<const TokenModel> model;
    Normalizer normalizer;
    PostProcessor postProcessor;
    AddedTokenFinder firstAdded;
    AddedTokenFinder thenAdded;
    std::vector<bool> isSpecial; ///< by id
};

Tokenizer Tokenizer::open(const std::filesystem::path& path) {
    std::error_code ignored;
    if (std::filesystem::is_regular_file(path, ignored)) {
        return fromGguf(GgufFile(path).metadata());
    }
    if (std::filesystem::is_regular_file(path / ggufTokenizerFile, ignored)) {
        return fromGguf(GgufFile(path / ggufTokenizerFile).metadata());
    }
    if (!std::filesystem::exists(path / "tokenizer.json", ignored) &&
        std::filesystem::exists(path / sentencePieceFile, ignored)) {
        return fromSentencePiece(path);
    }
    return fromFile(readTokenizerFile((path / "tokenizer.json").string()));
}

Tokenizer Tokenizer::fromSentencePiece(const std::filesystem::path& folder) {
    SentencePieceFile file(folder);
    std::vector<AddedToken> added = readAddedTokens(file.specials());
    auto model = file.takeModel(added);
    Tokenizer tokenizer;
    tokenizer.state_ = std::make_shared<const State>(file.specials(), std::move(added), std::move(model));
    return tokenizer;
}

Tokenizer Tokenizer::fromFile(const TokenizerFile& file) {
    std::vector<AddedToken> added = readAddedTokens(file);
    auto model = makeBytePairModel(file, added);
    Tokenizer tokenizer;
    tokenizer.state_ = std::make_shared<const State>(file, std::move(added), std::move(model));
    return tokenizer;
}

Tokenizer Tokenizer::fromGguf(const GgufMetadata& metadata) {
    if (ggufTokenizerKind(metadata) == GgufTokenizerKind::byteLevel) {
        return fromFile(tokenizerFileOf(metadata));
    }
    const TokenizerFile special = specialTokensOf(metadata);
    Tokenizer tokenizer;
    tokenizer.state_ = std::make_shared<const State>(
        special, readAddedTokens(special), makePieceModel(piecesOf(metadata), pieceSettingsOf(metadata)));
    return tokenizer;
}

std::size_t Tokenizer::vocabularySize() const {
    return state_->model->size();
}

std::string Tokenizer::description() const {
    return state_->model->description();
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
    std::deque<std::string> normalized; // outlives the run
    const auto run = state.model->start(text.size());
    bool first = true;
    const auto addToken = [&](TokenId id) {
        ids.push_back(id);
        first = false;
    };
    const auto addText = [&](std::string_view part) {
        run->encode(part, first, ids);
        first = false;
    };
    const auto addPart = [&](std::string_view part) {
        const std::string_view read =
            state.normalizer.isIdentity() ? part : normalized.emplace_back(state.normalizer.apply(part));
        state.thenAdded.split(read, addText, addToken);
    };
    state.firstAdded.split(text, addPart, addToken);
    if (addSpecial) {
        ids.insert(ids.end(), state.postProcessor.after.begin(), state.postProcessor.after.end());
    }
    return ids;
}

std::string Tokenizer::decode(std::span<const TokenId> ids, bool skipSpecial) const {
    std::string bytes;
    for (const TokenId id : ids) {
        const std::string_view token = state_->model->bytes(id);
        if (!token.empty() && !(skipSpecial && state_->isSpecial[static_cast<std::size_t>(id)])) {
            bytes += token;
        }
    }
    if (state_->model->addsSpace() && bytes.starts_with(' ')) {
        bytes.erase(0, 1);
    }
    return toValidUtf8(bytes);
}

std::string Tokenizer::tokenBytes(TokenId id) const {
    return std::string(state_->model->bytes(id));
}

std::optional<TokenId> Tokenizer::idOf(std::string_view token) const {
    const auto special = std::find_if(state_->added.begin(), state_->added.end(),
                                      [&](const AddedToken& added) { return added.content == token; });
    return special != state_->added.end() ? special->id : state_->model->find(token);
}

std::optional<TokenId> Tokenizer::beginToken() const {
    const std::vector<TokenId>& before = state_->postProcessor.before;
    return before.size() == 1 ? std::optional(before.front()) : std::nullopt;
}

} // namespace planish
