// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "tokenizer/token_model.h"
#include "tokenizer/tokenizer_file.h"
#include "tokenizer/vocabulary.h"

#include <memory>

namespace planish {

/// Byte-level BPE as a tokenizer.json describes it: its pre-tokenizer's patterns cut words, which byte-pair
/// encoding makes tokens of. Throws InputError naming file, field, expected and found.
std::unique_ptr<const TokenModel> makeByteLevelModel(const TokenizerFile& file,
                                                     const std::vector<AddedToken>& added);

} // namespace planish
