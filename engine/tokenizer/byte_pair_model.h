// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "tokenizer/token_model.h"
#include "tokenizer/tokenizer_file.h"
#include "tokenizer/vocabulary.h"

#include <memory>

namespace planish {

/// Byte-pair encoding as a tokenizer.json describes it: its pre-tokenizer cuts words, which byte-pair
/// encoding makes tokens of. Tokens spell bytes (GPT-2, Llama 3, Qwen) or are text with marks in the place of
/// spaces (Llama 2, Mistral, Gemma). Throws InputError naming file, field, expected and found.
std::unique_ptr<const TokenModel> makeBytePairModel(const TokenizerFile& file,
                                                    const std::vector<AddedToken>& added);

} // namespace planish
