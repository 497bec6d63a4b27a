// SPDX-License-Identifier: GPL-3.0-or-later
#include "export/gguf_tokenizer_metadata.h"

#include "model/gguf_file.h"
#include "tokenizer/gguf_tokenizer.h"
#include "tokenizer/sentencepiece_model.h"
#include "tokenizer/text_decoder.h"
#include "tokenizer/tokenizer.h"
#include "tokenizer/tokenizer_file.h"
#include "tokenizer/vocabulary.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>

namespace planish {
namespace {

using Type = GgufTokenType;

/// Tokens by id, as the metadata list them: as many as the model has embeddings. Ids without token are filled
/// up, as converters do.
class TokenList {
  public:
    TokenList(std::size_t count, std::string source) : source_(std::move(source)) {
        for (std::size_t i = 0; i < count; ++i) {
            texts_.push_back(fmt::format("[PAD{}]", i));
        }
        types_.assign(count, number(Type::unused));
        scores_.assign(count, 0);
    }

    void put(TokenId id, const std::string& text, Type type, float score = 0) {
        const auto index = static_cast<std::size_t>(id);
        if (index >= texts_.size()) {
            throw InputError(source_, "tokens",
                             fmt::format("ids below {}, the vocabulary of the model", texts_.size()),
                             fmt::format("{}", id));
        }
        texts_[index] = text;
        types_[index] = number(type);
        scores_[index] = score;
    }
    void put(const std::vector<AddedToken>& added) {
        for (const AddedToken& token : added) {
            const auto index = static_cast<std::size_t>(token.id);
            if (index >= types_.size() || types_[index] != number(Type::unknown)) {
                put(token.id, token.content, token.special ? Type::control : Type::userDefined);
            }
        }
    }

    const std::vector<std::string>& texts() const { return texts_; }
    const std::vector<std::int32_t>& types() const { return types_; }
    const std::vector<float>& scores() const { return scores_; } ///< of pieces
    std::optional<std::uint32_t> unknown() const {
        const auto found = std::find(types_.begin(), types_.end(), number(Type::unknown));
        return found == types_.end() ? std::nullopt
                                     : std::optional(static_cast<std::uint32_t>(found - types_.begin()));
    }

  private:
    static std::int32_t number(Type type) { return static_cast<std::int32_t>(type); }

    std::string source_;
    std::vector<std::string> texts_;
    std::vector<std::int32_t> types_;
    std::vector<float> scores_;
};

std::vector<std::string> mergeLines(const TokenizerFile& file) {
    std::vector<std::string> lines;
    lines.reserve(file.merges.size());
    for (const auto& [left, right] : file.merges) {
        lines.push_back(left + " " + right);
    }
    return lines;
}

/// What both kinds have: tokens, and what goes around a text.
void addCommon(GgufEntries& entries, const TokenList& tokens, const Model& model,
               const Tokenizer& tokenizer) {
    const ModelConfig& config = model.config();
    entries.emplace_back("tokenizer.ggml.tokens", ggufEntry(tokens.texts()));
    entries.emplace_back("tokenizer.ggml.token_type", ggufEntry(tokens.types()));
    const auto begin = tokenizer.beginToken();
    if (begin || config.beginToken) {
        entries.emplace_back("tokenizer.ggml.bos_token_id",
                             ggufEntry(static_cast<std::uint32_t>(begin ? *begin : *config.beginToken)));
    }
    if (config.endToken) {
        entries.emplace_back("tokenizer.ggml.eos_token_id",
                             ggufEntry(static_cast<std::uint32_t>(*config.endToken)));
    }
    const std::size_t around = tokenizer.encode("").size();
    entries.emplace_back("tokenizer.ggml.add_bos_token", ggufEntry(begin.has_value()));
    entries.emplace_back("tokenizer.ggml.add_eos_token", ggufEntry(around > (begin ? 1U : 0U)));
}

GgufEntries byteLevel(const Model& model, const TokenizerFile& file, const Tokenizer& tokenizer) {
    const std::string_view name = ggufPreTokenizer(file);
    if (name.empty()) {
        throw InputError(
            file.path, "pre_tokenizer",
            "one that llama.cpp has a name for, of those known here (llama-bpe, gpt-2, smollm, qwen2)",
            "another: the exported model would cut words differently");
    }
    TokenList tokens(model.config().vocabularySize, file.path);
    for (const auto& [text, id] : file.vocabulary) {
        tokens.put(id, text, Type::normal);
    }
    tokens.put(readAddedTokens(file));
    GgufEntries entries{{"tokenizer.ggml.model", ggufEntry("gpt2")},
                        {"tokenizer.ggml.pre", ggufEntry(std::string(name))},
                        {"tokenizer.ggml.merges", ggufEntry(mergeLines(file))},
                        {"tokenizer.ggml.add_space_prefix", ggufEntry(false)}};
    addCommon(entries, tokens, model, tokenizer);
    return entries;
}

GgufEntries pieces(const TokenList& tokens, const Model& model, const Tokenizer& tokenizer) {
    const std::vector<TokenId> letter = tokenizer.encode("a", false);
    const bool addsSpace = !letter.empty() && tokenizer.tokenBytes(letter.front()).starts_with(' ');
    GgufEntries entries{{"tokenizer.ggml.model", ggufEntry("llama")},
                        {"tokenizer.ggml.pre", ggufEntry("default")},
                        {"tokenizer.ggml.scores", ggufEntry(tokens.scores())},
                        {"tokenizer.ggml.add_space_prefix", ggufEntry(addsSpace)}};
    if (const auto unknown = tokens.unknown()) {
        entries.emplace_back("tokenizer.ggml.unknown_token_id", ggufEntry(*unknown));
    }
    addCommon(entries, tokens, model, tokenizer);
    return entries;
}

GgufEntries sentencePiece(const Model& model) {
    const SentencePieceFile file(model.path());
    TokenList tokens(model.config().vocabularySize, (model.path() / sentencePieceFile).string());
    TokenId id = 0;
    for (const SentencePieceToken& token : file.tokens()) {
        using Kind = SentencePieceToken::Kind;
        const Type type = token.kind == Kind::unknown   ? Type::unknown
                          : token.kind == Kind::control ? Type::control
                          : token.kind == Kind::unused  ? Type::unused
                          : token.kind == Kind::byte    ? Type::byte
                                                        : Type::normal;
        tokens.put(id++, token.text, type, token.score);
    }
    tokens.put(readAddedTokens(file.specials()));
    return pieces(tokens, model, Tokenizer::open(model.path()));
}

/// Pieces are merged by score there and by rank here: less one for every rank, the order is the same.
GgufEntries characters(const Model& model, const TokenizerFile& file, const Tokenizer& tokenizer) {
    const JsonObject root(file.settings, file.path);
    const JsonObject bpe = root.object("model");
    if (!bpe.boolean("byte_fallback", false)) {
        throw InputError(file.path, "model.byte_fallback",
                         "true: llama.cpp spells what has no token in bytes; formats hf and planish keep "
                         "every kind",
                         "false");
    }
    std::map<std::string, float> scores;
    for (std::size_t rank = 0; rank < file.merges.size(); ++rank) {
        const auto& [left, right] = file.merges[rank];
        scores.try_emplace(left + right, -static_cast<float>(rank));
    }
    const float last = -static_cast<float>(file.merges.size());
    const std::string unknown = bpe.string("unk_token", "");
    TokenList tokens(model.config().vocabularySize, file.path);
    for (const auto& [text, id] : file.vocabulary) {
        const auto merged = scores.find(text);
        const Type type = text == unknown ? Type::unknown : byteOf(text) >= 0 ? Type::byte : Type::normal;
        tokens.put(id, text, type, merged == scores.end() ? last : merged->second);
    }
    tokens.put(readAddedTokens(file));
    return pieces(tokens, model, tokenizer);
}

} // namespace

GgufEntries ggufTokenizerMetadata(const Model& model) {
    std::error_code ignored;
    const bool isFolder = std::filesystem::is_directory(model.path(), ignored);
    const auto has = [&](const char* name) {
        return isFolder && std::filesystem::exists(model.path() / name, ignored);
    };
    if (has("tokenizer.json")) {
        const TokenizerFile file = readTokenizerFile((model.path() / "tokenizer.json").string());
        const Tokenizer tokenizer = Tokenizer::fromFile(file); // checks what is read here
        return spellingOf(file) == Spelling::byteLevel ? byteLevel(model, file, tokenizer)
                                                       : characters(model, file, tokenizer);
    }
    if (has(sentencePieceFile)) {
        return sentencePiece(model);
    }
    const GgufFile source(isFolder ? model.path() / ggufTokenizerFile : model.path());
    GgufEntries entries;
    for (const auto& [key, entry] : source.metadata().entries()) {
        if (key.starts_with("tokenizer.")) {
            entries.emplace_back(key, entry);
        }
    }
    std::sort(entries.begin(), entries.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
    return entries;
}

} // namespace planish
