// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "model/gguf_metadata.h"
#include "tokenizer/piece_model.h"
#include "tokenizer/tokenizer_file.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace planish {

/// The kinds of tokenizer in the metadata of GGUF files (tokenizer.ggml.model).
enum class GgufTokenizerKind {
    byteLevel, ///< "gpt2"
    pieces,    ///< "llama": SentencePiece
};

/// tokenizer.ggml.token_type
enum class GgufTokenType : std::int32_t {
    normal = 1,
    unknown = 2,
    control = 3,
    userDefined = 4,
    unused = 5,
    byte = 6
};

/// In a folder without tokenizer.json: a GGUF file with the tokenizer alone.
inline constexpr const char* ggufTokenizerFile = "tokenizer.gguf";

/// Throws InputError for other kinds, naming them.
GgufTokenizerKind ggufTokenizerKind(const GgufMetadata& metadata);

/// A byte-level tokenizer as a tokenizer.json would have it. Of tokenizer.ggml.pre, which names the patterns
/// that cut words, those that the models read here come with are known; others are refused naming them.
/// Throws InputError naming file, key, expected and found.
TokenizerFile tokenizerFileOf(const GgufMetadata& metadata);

/// The reverse: the name llama.cpp has for a tokenizer's pre-tokenizer, "" when it has none of those known
/// here.
std::string_view ggufPreTokenizer(const TokenizerFile& file);

/// A SentencePiece vocabulary.
std::vector<Piece> piecesOf(const GgufMetadata& metadata);
PieceSettings pieceSettingsOf(const GgufMetadata& metadata);

/// For pieces, whose vocabulary is no tokenizer.json: only "added_tokens" and "post_processor".
TokenizerFile specialTokensOf(const GgufMetadata& metadata);

} // namespace planish
