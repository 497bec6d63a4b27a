// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "model/config.h"

#include <span>
#include <string_view>

namespace planish {

/// Which linears of attention and MLP have biases.
enum class Biases {
    none,
    queryKeyValue,  ///< q, k and v, always
    attention,      ///< q, k, v and o with attention_bias
    attentionAndMlp ///< and gate, up and down with mlp_bias
};

/// Which blocks see a window only, where a file has a sliding_window and no layer_types.
enum class WindowRule {
    none,         ///< such a file is refused
    every,        ///< all blocks
    pattern,      ///< all but each n-th: sliding_window_pattern
    upperBlocks,  ///< with use_sliding_window, blocks from max_window_layers on
    unrotatedOnly ///< with use_sliding_window, blocks without rotary embedding
};

/// A family of models: what its config.json leaves unsaid. Fields of config.json go before what stands here.
struct ModelFamily {
    std::string_view architecture; ///< of config.json: "Qwen3ForCausalLM"
    std::string_view modelType;    ///< of config.json: "qwen3"
    std::string_view title;        ///< "Qwen 3"
    BlockDesign design;
    Biases biases = Biases::none;
    WindowRule windows = WindowRule::none;
    std::size_t window = 0;        ///< tokens, where the file does not say; 0: none
    std::size_t windowPattern = 0; ///< of WindowRule::pattern
    bool scaledEmbedding = false;  ///< embeddings are multiplied by √hiddenSize
    bool queryScalar = false;      ///< scores are scaled by 1 ÷ √query_pre_attn_scalar, and capped
    bool multipliers = false;      ///< embedding_multiplier, residual_multiplier, …
    bool unrotatedBlocks = false;  ///< no_rope_layers: each fourth block is not rotated
    bool partialRotary = false;    ///< partial_rotary_factor
    double logitCap = 0;           ///< as of ModelConfig
    bool tiedEmbedding = false;
    std::size_t headSize = 0; ///< 0: hiddenSize ÷ heads
    double normEpsilon = 1e-6;
    double ropeTheta = 10000;
    double windowRopeTheta = 0; ///< of blocks with a window; 0: the same
};

/// All families that are read, in the order of the documentation.
std::span<const ModelFamily> modelFamilies();

} // namespace planish
