// SPDX-License-Identifier: GPL-3.0-or-later
#include "model/layout.h"

#include <fmt/format.h>

namespace planish {
namespace {

class Layout {
  public:
    void enterBlock(int block) { block_ = block; }

    void matrix(const std::string& name, Role role, std::size_t rows, std::size_t columns) {
        tensors_.push_back({prefix() + name, role, block_, {rows, columns}, "bf16", false});
    }
    void vector(const std::string& name, Role role, std::size_t size) {
        tensors_.push_back({prefix() + name, role, block_, {1, size}, "bf16", true});
    }
    void linear(const std::string& name, Role role, std::size_t rows, std::size_t columns, bool bias) {
        matrix(name, role, rows, columns);
        if (bias) {
            vector(name + ".bias", Role::bias, rows);
        }
    }
    std::vector<TensorInfo> take() { return std::move(tensors_); }

  private:
    std::string prefix() const { return block_ < 0 ? "" : fmt::format("model.layers.{}.", block_); }

    int block_ = -1;
    std::vector<TensorInfo> tensors_;
};

} // namespace

std::vector<TensorInfo> tensorLayout(const ModelConfig& config) {
    const std::size_t hidden = config.hiddenSize;
    const bool attentionBias = config.attentionBias;
    const bool mlpBias = config.mlpBias;
    Layout layout;
    layout.matrix("model.embed_tokens", Role::embedding, config.vocabularySize, hidden);
    for (std::size_t block = 0; block < config.blocks; ++block) {
        layout.enterBlock(static_cast<int>(block));
        layout.vector("input_layernorm", Role::norm, hidden);
        layout.linear("self_attn.q_proj", Role::query, config.querySize(), hidden, attentionBias);
        layout.linear("self_attn.k_proj", Role::key, config.keyValueSize(), hidden, attentionBias);
        layout.linear("self_attn.v_proj", Role::value, config.keyValueSize(), hidden, attentionBias);
        layout.linear("self_attn.o_proj", Role::output, hidden, config.querySize(), attentionBias);
        layout.vector("post_attention_layernorm", Role::norm, hidden);
        layout.linear("mlp.gate_proj", Role::gate, config.mlpSize, hidden, mlpBias);
        layout.linear("mlp.up_proj", Role::up, config.mlpSize, hidden, mlpBias);
        layout.linear("mlp.down_proj", Role::down, hidden, config.mlpSize, mlpBias);
    }
    layout.enterBlock(-1);
    layout.vector("model.norm", Role::norm, hidden);
    if (!config.tiedEmbedding) {
        layout.matrix("lm_head", Role::head, config.vocabularySize, hidden);
    }
    return layout.take();
}

std::string storedName(const TensorInfo& tensor) {
    return tensor.role == Role::bias ? tensor.name : tensor.name + ".weight";
}

} // namespace planish
