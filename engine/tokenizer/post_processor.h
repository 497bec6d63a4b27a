// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "tokenizer/tokenizer_file.h"

#include <vector>

namespace planish {

/// What "post_processor" puts around the tokens of a text.
struct PostProcessor {
    std::vector<TokenId> before;
    std::vector<TokenId> after;
};

/// Reads null, ByteLevel (adds nothing), TemplateProcessing, or a Sequence of these; `vocabularySize` bounds
/// the ids. Throws InputError for other kinds, naming them.
PostProcessor readPostProcessor(const TokenizerFile& file, std::size_t vocabularySize);

} // namespace planish
