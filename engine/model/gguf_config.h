// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "model/config.h"
#include "model/gguf_file.h"
#include "model/tensor_info.h"

#include <string>
#include <string_view>

namespace planish {

/// The model a GGUF file's metadata describe (general.architecture "llama": Llama, Mistral and what llama.cpp
/// converts to the same; "qwen2", "qwen3"). Throws InputError naming file, key, expected and found; other
/// architectures and variants are refused naming them.
ModelConfig ggufConfig(const GgufFile& file);

/// The general.architecture that a model is written as: "llama"; "qwen2", as "llama" with biases of queries,
/// keys and values only; "qwen3", with norms of the queries and keys of each head and no biases. "" where
/// llama.cpp has one that is not known here, or none.
std::string_view ggufArchitecture(const ModelConfig& config);

/// The name of a tensor in GGUF files: "blk.0.attn_q.weight".
std::string ggufName(const TensorInfo& tensor);

/// How many heads the rows of a tensor (a bias: its numbers) are those of, reordered as llama.cpp wants them
/// for its rotary embedding of "llama" (see storedRows()); 0 for all but queries and keys of that.
std::size_t ggufInterleavedHeads(const TensorInfo& tensor, const ModelConfig& config,
                                 std::string_view architecture);

/// Where the factors that stretch rotary frequencies are (Llama 3's scaling): fp32 numbers, one for each two
/// of a head's dimensions, that the frequencies are divided by.
inline constexpr const char* ggufRopeFactors = "rope_freqs.weight";

} // namespace planish
