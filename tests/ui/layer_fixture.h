// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "model/tensor_info.h"

#include <string>
#include <vector>

namespace planish::test {

/// The tensors of a Llama-type model, with the shapes of folio-4m: hidden size 256, 4 query and 2 key/value
/// heads of 64, MLP 768, 2048 tokens. 10 tensors and 787 thousand weights a block.
inline std::vector<TensorInfo> layerTensors(int blocks, bool tiedEmbedding = true) {
    std::vector<TensorInfo> tensors;
    const auto add = [&](const std::string& name, Role role, int block, std::size_t rows,
                         std::size_t columns) {
        const bool vector = role == Role::norm;
        tensors.push_back({name, role, block, {rows, columns}, "bf16", vector, true, 2 * rows * columns});
    };
    add("model.embed_tokens", Role::embedding, -1, 2048, 256);
    for (int block = 0; block < blocks; ++block) {
        const std::string prefix = "model.layers." + std::to_string(block) + ".";
        add(prefix + "input_layernorm", Role::norm, block, 1, 256);
        add(prefix + "self_attn.q_proj", Role::query, block, 256, 256);
        add(prefix + "self_attn.k_proj", Role::key, block, 128, 256);
        add(prefix + "self_attn.v_proj", Role::value, block, 128, 256);
        add(prefix + "self_attn.o_proj", Role::output, block, 256, 256);
        add(prefix + "post_attention_layernorm", Role::norm, block, 1, 256);
        add(prefix + "mlp.gate_proj", Role::gate, block, 768, 256);
        add(prefix + "mlp.up_proj", Role::up, block, 768, 256);
        add(prefix + "mlp.down_proj", Role::down, block, 256, 768);
    }
    add("model.norm", Role::norm, -1, 1, 256);
    if (!tiedEmbedding) {
        add("lm_head", Role::head, -1, 2048, 256);
    }
    return tensors;
}

/// Tensors of a layerTensors model: the first of a block, counted as above.
inline int tensorOf(int block, Role role) {
    const std::vector<TensorInfo> tensors = layerTensors(block + 1);
    for (std::size_t index = tensors.size(); index-- > 0;) {
        if (tensors[index].block == block && tensors[index].role == role) {
            return static_cast<int>(index);
        }
    }
    return -1;
}

} // namespace planish::test
