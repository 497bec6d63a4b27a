// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "export/file_writers.h"
#include "model/model.h"

namespace planish {

/// What makes a model's tokenizer in a GGUF file: byte-level BPE as "gpt2"; a tokenizer.model of
/// SentencePiece, and a tokenizer.json of BPE of characters with bytes for what has no token (Llama 2,
/// Mistral, TinyLlama), as "llama", there with the scores that make merges come in the order of the file. Of
/// a GGUF file what it says. Throws InputError when llama.cpp has no name for how words are cut, and for
/// other kinds.
GgufEntries ggufTokenizerMetadata(const Model& model);

} // namespace planish
