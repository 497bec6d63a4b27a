// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace planish {

using TokenId = std::int32_t;

struct TokenizerFile;
class GgufMetadata;

/// Text to token ids and back, as the Hugging Face tokenizer of the same tokenizer.json does, or llama.cpp
/// with the same GGUF file. Copies share the tables; const calls are thread-safe.
class Tokenizer {
  public:
    /// Reads a model's tokenizer: of a folder tokenizer.json (BPE of bytes or of characters, with the file's
    /// own normalizer, pre-tokenizer patterns, added and special tokens, and its post-processing template) or
    /// else tokenizer.model (SentencePiece's), of a GGUF file its metadata (byte-level BPE, or
    /// SentencePiece's). Throws InputError naming file, field, expected and found; kinds not supported are
    /// refused naming them.
    static Tokenizer open(const std::filesystem::path& path);
    /// The same of what has been read.
    static Tokenizer fromFile(const TokenizerFile& file);
    static Tokenizer fromGguf(const GgufMetadata& metadata);

    /// One past the largest id.
    std::size_t vocabularySize() const;
    /// "byte-level BPE, 2048 tokens, 1790 merges".
    std::string description() const;

    /// Special tokens written in the text are recognized. With `addSpecial` the post-processing template is
    /// applied (for Llama: BOS in front). `text` that is not UTF-8 has its ill-formed parts read as U+FFFD.
    std::vector<TokenId> encode(std::string_view text, bool addSpecial = true) const;
    /// Ids outside the vocabulary decode to nothing. Incomplete UTF-8 becomes U+FFFD.
    std::string decode(std::span<const TokenId> ids, bool skipSpecial = true) const;
    /// The bytes one token stands for (special tokens: their text); empty for an id outside the vocabulary.
    std::string tokenBytes(TokenId id) const;
    /// The id of a special or ordinary token's text, if it has one.
    std::optional<TokenId> idOf(std::string_view token) const;
    /// What the post-processor puts in front of a text, if it is one token: BOS.
    std::optional<TokenId> beginToken() const;

  private:
    static Tokenizer fromSentencePiece(const std::filesystem::path& folder);

    struct State;
    std::shared_ptr<const State> state_;
};

} // namespace planish
