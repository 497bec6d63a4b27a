// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "model/rope_frequencies.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace planish {

/// Where a block has RMSNorms: before attention and MLP (Llama), before and after them (Gemma 2), or only
/// after them, before their outputs are added (OLMo 2).
enum class NormPlacement { before, around, after };
/// Whether queries and keys are normalized before they are rotated: not at all, each head by itself with one
/// gain for all heads (Qwen 3), or all heads together (OLMo 2).
enum class QueryKeyNorm { none, eachHead, allHeads };
/// What the gate of the MLP passes through: x ÷ (1 + e^-x), or the tanh form of GELU.
enum class Activation { silu, geluTanh };

/// What tells the decoder blocks of one family of models from those of another. As it comes: Llama's.
struct BlockDesign {
    NormPlacement norms = NormPlacement::before;
    QueryKeyNorm queryKeyNorm = QueryKeyNorm::none;
    Activation activation = Activation::silu;
    bool onePlusGain = false;      ///< norms multiply by 1 + their tensor
    bool fusedProjections = false; ///< q, k and v are one tensor, and so are gate and up
    double attentionScale = 0;     ///< of queries times keys; 0: 1 ÷ √headSize
    double scoreCap = 0;           ///< scores s become cap · tanh(s ÷ cap); 0: they stay
    double residualScale = 1;      ///< of what attention and MLP add

    bool operator==(const BlockDesign&) const = default;
};

/// What attention does in one block.
struct BlockAttention {
    bool rotated = true;    ///< queries and keys are rotated by their positions
    std::size_t window = 0; ///< keys that a query sees, the latest ones; 0: all up to its own

    bool operator==(const BlockAttention&) const = default;
};

/// The shape of a decoder, checked: every size positive and consistent with the others.
struct ModelConfig {
    std::string architecture; ///< "LlamaForCausalLM", of modelFamilies()
    std::size_t hiddenSize = 0;
    std::size_t blocks = 0;
    std::size_t heads = 0;
    std::size_t keyValueHeads = 0; ///< divides heads
    std::size_t headSize = 0;      ///< even
    std::size_t rotarySize = 0;    ///< of headSize, the first so many are rotated; even
    std::size_t mlpSize = 0;
    std::size_t vocabularySize = 0;
    std::size_t maximumContext = 0; ///< tokens the model was made for
    bool tiedEmbedding = false;     ///< the head is the embedding matrix
    bool attentionBias = false;     ///< q, k and v have biases
    bool outputBias = false;        ///< o has a bias
    bool mlpBias = false;           ///< gate, up and down have biases
    double normEpsilon = 1e-5;
    BlockDesign design;
    std::vector<BlockAttention> attention;  ///< of each block; empty: the same whole attention in all
    Rope rope;                              ///< of blocks
    std::optional<Rope> windowRope;         ///< of blocks with a window, where they have their own
    double embeddingScale = 1;              ///< of embeddings on their way to the first block
    double logitScale = 1;                  ///< of logits
    double logitCap = 0;                    ///< logits l become cap · tanh(l ÷ cap); 0: they stay
    std::optional<std::int64_t> beginToken; ///< bos_token_id
    std::optional<std::int64_t> endToken;   ///< the first eos_token_id

    std::size_t querySize() const { return heads * headSize; }
    std::size_t keyValueSize() const { return keyValueHeads * headSize; }
    BlockAttention attentionOf(std::size_t block) const {
        return attention.empty() ? BlockAttention{} : attention[block];
    }
};

/// What a model does that Llama does not, in words, such as "norms of queries and keys": empty for Llama and
/// what computes like it. Biases and rotary embeddings of every kind are no difference.
std::vector<std::string> differencesFromLlama(const ModelConfig& config);

/// Reads config.json in its older form (rope_theta, rope_scaling, sliding_window_pattern, torch_dtype) and
/// its newest (rope_parameters, layer_types, dtype), of any of modelFamilies(). Throws InputError naming
/// file, field, expected and found; architectures, activations, RoPE variants and kinds of layers that are
/// not supported are refused naming what is missing.
ModelConfig readModelConfig(const std::string& path);

} // namespace planish
