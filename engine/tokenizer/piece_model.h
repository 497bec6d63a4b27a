// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "tokenizer/token_model.h"

#include <memory>
#include <string>
#include <vector>

namespace planish {

/// One entry of a SentencePiece vocabulary.
struct Piece {
    std::string text;    ///< spaces are U+2581
    float score = 0;     ///< of two possible merges the one with the higher comes first
    bool isByte = false; ///< spelled "<0x0A>": stands for a byte that no other piece covers
};

struct PieceSettings {
    std::string source;    ///< for messages
    bool addsSpace = true; ///< in front of a text, and of what follows an added token
    TokenId unknown = 0;   ///< for characters without piece where bytes have none
};

/// Byte-pair encoding as SentencePiece does it (Kudo & Richardson 2018; the vocabularies of Llama 1 and 2): a
/// text is its characters, spaces U+2581; the neighbours whose union is the piece of the highest score, the
/// leftmost of equals, are merged until there is none; a character without piece becomes the pieces of its
/// bytes. Throws InputError for byte pieces that are none and for ids out of range.
std::unique_ptr<const TokenModel> makePieceModel(std::vector<Piece> pieces, const PieceSettings& settings);

} // namespace planish
