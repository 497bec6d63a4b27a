// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "tokenizer/token_model.h"
#include "tokenizer/tokenizer_file.h"
#include "tokenizer/vocabulary.h"

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace planish {

/// A token of a vocabulary of SentencePiece.
struct SentencePieceToken {
    enum class Kind { normal, unknown, control, unused, byte };
    std::string text; ///< as the file spells it: spaces are U+2581, bytes "<0x0A>"
    float score = 0;
    Kind kind = Kind::normal;
};

/// A folder's tokenizer.model, the vocabulary of SentencePiece (Kudo & Richardson 2018) with its own
/// normalization, and what tokenizer_config.json beside it says of special tokens.
class SentencePieceFile {
  public:
    /// Throws InputError when the files are malformed.
    explicit SentencePieceFile(const std::filesystem::path& folder);
    ~SentencePieceFile();
    SentencePieceFile(const SentencePieceFile&) = delete;
    SentencePieceFile& operator=(const SentencePieceFile&) = delete;

    /// Only "added_tokens" (control pieces and added_tokens_decoder) and "post_processor" (BOS in front, EOS
    /// behind, as add_bos_token and add_eos_token say; without them BOS alone).
    const TokenizerFile& specials() const { return specials_; }
    /// By id; not after takeModel().
    std::vector<SentencePieceToken> tokens() const;
    /// Its tokens with those that were added; once.
    std::unique_ptr<const TokenModel> takeModel(const std::vector<AddedToken>& added);

  private:
    struct Vocabulary;

    TokenizerFile specials_;
    std::unique_ptr<Vocabulary> vocabulary_;
};

inline constexpr const char* sentencePieceFile = "tokenizer.model";

} // namespace planish
