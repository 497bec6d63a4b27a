// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "model/config.h"
#include "model/tensor_info.h"

#include <string>
#include <vector>

namespace planish {

/// The names of a block's norms within the block; nullptr where there is none.
struct BlockNorms {
    const char* beforeAttention = nullptr;
    const char* afterAttention = nullptr;
    const char* beforeMlp = nullptr;
    const char* afterMlp = nullptr;
};
BlockNorms blockNorms(NormPlacement placement);
/// Where queries and keys are normalized, of these.
inline constexpr const char* queryNorm = "self_attn.q_norm";
inline constexpr const char* keyNorm = "self_attn.k_norm";

/// A linear of a block: the rows of a tensor, all of them unless projections are fused.
struct LinearPart {
    const char* name = nullptr; ///< within the block: "self_attn.q_proj"
    std::size_t firstRow = 0;
    std::size_t rows = 0;
};
/// `role`: q, k, v, o, gate, up or down.
LinearPart linearPart(const ModelConfig& config, Role role);

/// Every tensor a model of this shape needs, in the order of the network: embedding; per block the norm
/// before attention, q, k, v, their norms, o, the norm after attention, that before the MLP, gate, up, down,
/// the norm after it, each linear followed by its bias; final norm; head unless tied. How they are stored is
/// left open.
std::vector<TensorInfo> tensorLayout(const ModelConfig& config);

/// The name in the model files: with ".weight", except for biases.
std::string storedName(const TensorInfo& tensor);

} // namespace planish
