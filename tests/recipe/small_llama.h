// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "model/tensor_info.h"

#include <string>
#include <vector>

namespace planish::test {

/// The tensors of a Llama of `blocks` blocks and width 64, optionally with attention biases.
inline std::vector<TensorInfo> smallLlama(int blocks, bool tied, bool biases = false) {
    std::vector<TensorInfo> tensors;
    const auto add = [&](const std::string& name, Role role, int block, Shape shape) {
        const bool vector = role == Role::norm || role == Role::bias;
        tensors.push_back({name, role, block, shape, vector ? "fp32" : "bf16", vector});
    };
    add("model.embed_tokens", Role::embedding, -1, {256, 64});
    for (int block = 0; block < blocks; ++block) {
        const std::string prefix = "model.layers." + std::to_string(block) + ".";
        const auto attention = [&](const std::string& part, Role role, std::size_t rows) {
            add(prefix + "self_attn." + part, role, block, {rows, 64});
            if (biases) {
                add(prefix + "self_attn." + part + ".bias", Role::bias, block, {1, rows});
            }
        };
        add(prefix + "input_layernorm", Role::norm, block, {1, 64});
        attention("q_proj", Role::query, 64);
        attention("k_proj", Role::key, 32);
        attention("v_proj", Role::value, 32);
        attention("o_proj", Role::output, 64);
        add(prefix + "post_attention_layernorm", Role::norm, block, {1, 64});
        add(prefix + "mlp.gate_proj", Role::gate, block, {128, 64});
        add(prefix + "mlp.up_proj", Role::up, block, {128, 64});
        add(prefix + "mlp.down_proj", Role::down, block, {64, 128});
    }
    add("model.norm", Role::norm, -1, {1, 64});
    if (!tied) {
        add("lm_head", Role::head, -1, {256, 64});
    }
    return tensors;
}

/// The canonical codec names of a resolved recipe.
template <typename Codecs>
std::vector<std::string> namesOf(const Codecs& codecs) {
    std::vector<std::string> names;
    for (const auto& codec : codecs) {
        names.push_back(codec.name());
    }
    return names;
}

} // namespace planish::test
