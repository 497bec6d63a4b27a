// SPDX-License-Identifier: GPL-3.0-or-later
#include "tokenizer/tokenizer.h"

#include "model/gguf_file.h"
#include "support/text.h"
#include "tokenizer/added_token_finder.h"
#include "tokenizer/byte_level_model.h"
#include "tokenizer/gguf_tokenizer.h"
#include "tokenizer/post_processor.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <system_error>

namespace planish {
namespace {

constexpr std::size_t longestText = std::numeric_limits<std::int32_t>::max();

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
    State(const TokenizerFile& file, std::vector<AddedToken> tokens, std::unique_ptr<const TokenModel> made)
        : added(std::move(tokens)),
          model(std::move(made)),
          postProcessor(readPostProcessor(file, model->size())),
          firstAdded(added, false),
          thenAdded(added, true),
          isSpecial(model->size(), false) {
        for (const AddedToken& token : added) {
            isSpecial[static_cast<std::size_t>(token.id)] = token.special;
        }
    }

    std::vector<AddedToken> added;
    std::unique_ptr<const TokenModel> model;
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
    return fromFile(readTokenizerFile(findFile(path)));
}

Tokenizer Tokenizer::fromFile(const TokenizerFile& file) {
    std::vector<AddedToken> added = readAddedTokens(file);
    auto model = makeByteLevelModel(file, added);
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
    const auto run = state.model->start(text.size());
    bool begins = true;
    const auto addToken = [&](TokenId id) {
        ids.push_back(id);
        begins = true;
    };
    const auto addText = [&](std::string_view part) {
        run->encode(part, begins, ids);
        begins = false;
    };
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
