// SPDX-License-Identifier: GPL-3.0-or-later
#include "model/layout.h"

#include <fmt/format.h>

namespace planish {
namespace {

class Layout {
  public:
    explicit Layout(const ModelConfig& config) : config_(config), norms_(blockNorms(config.design.norms)) {}

    std::vector<TensorInfo> run() && {
        matrix("model.embed_tokens", Role::embedding, config_.vocabularySize, config_.hiddenSize);
        for (std::size_t block = 0; block < config_.blocks; ++block) {
            block_ = static_cast<int>(block);
            addAttention();
            addMlp();
        }
        block_ = -1;
        vector("model.norm", Role::norm, config_.hiddenSize);
        if (!config_.tiedEmbedding) {
            matrix("lm_head", Role::head, config_.vocabularySize, config_.hiddenSize);
        }
        return std::move(tensors_);
    }

  private:
    void addAttention() {
        const bool bias = config_.attentionBias;
        const bool normed = norms_.beforeAttention != nullptr;
        norm(norms_.beforeAttention, config_.hiddenSize);
        if (config_.design.fusedProjections) {
            linear("self_attn.qkv_proj", Role::queryKeyValue,
                   config_.querySize() + 2 * config_.keyValueSize(), config_.hiddenSize, bias, normed);
        } else {
            linear("self_attn.q_proj", Role::query, config_.querySize(), config_.hiddenSize, bias, normed);
            linear("self_attn.k_proj", Role::key, config_.keyValueSize(), config_.hiddenSize, bias, normed);
            linear("self_attn.v_proj", Role::value, config_.keyValueSize(), config_.hiddenSize, bias, normed);
        }
        if (config_.design.queryKeyNorm != QueryKeyNorm::none) {
            const bool each = config_.design.queryKeyNorm == QueryKeyNorm::eachHead;
            norm(queryNorm, each ? config_.headSize : config_.querySize());
            norm(keyNorm, each ? config_.headSize : config_.keyValueSize());
        }
        linear("self_attn.o_proj", Role::output, config_.hiddenSize, config_.querySize(), config_.outputBias);
        norm(norms_.afterAttention, config_.hiddenSize);
    }

    void addMlp() {
        const bool normed = norms_.beforeMlp != nullptr;
        norm(norms_.beforeMlp, config_.hiddenSize);
        if (config_.design.fusedProjections) {
            linear("mlp.gate_up_proj", Role::gateUp, 2 * config_.mlpSize, config_.hiddenSize, config_.mlpBias,
                   normed);
        } else {
            linear("mlp.gate_proj", Role::gate, config_.mlpSize, config_.hiddenSize, config_.mlpBias, normed);
            linear("mlp.up_proj", Role::up, config_.mlpSize, config_.hiddenSize, config_.mlpBias, normed);
        }
        linear("mlp.down_proj", Role::down, config_.hiddenSize, config_.mlpSize, config_.mlpBias);
        norm(norms_.afterMlp, config_.hiddenSize);
    }

    void matrix(const std::string& name, Role role, std::size_t rows, std::size_t columns) {
        tensors_.push_back({prefix() + name, role, block_, {rows, columns}, "bf16", false});
    }
    void vector(const std::string& name, Role role, std::size_t size) {
        tensors_.push_back({prefix() + name, role, block_, {1, size}, "bf16", true});
    }
    void norm(const char* name, std::size_t size) {
        if (name != nullptr) {
            vector(name, Role::norm, size);
        }
    }
    void linear(const std::string& name, Role role, std::size_t rows, std::size_t columns, bool bias,
                bool readsNorm = true) {
        matrix(name, role, rows, columns);
        tensors_.back().readsNorm = readsNorm;
        if (bias) {
            vector(name + ".bias", Role::bias, rows);
        }
    }
    std::string prefix() const { return block_ < 0 ? "" : fmt::format("model.layers.{}.", block_); }

    const ModelConfig& config_;
    BlockNorms norms_;
    int block_ = -1;
    std::vector<TensorInfo> tensors_;
};

} // namespace

BlockNorms blockNorms(NormPlacement placement) {
    switch (placement) {
    case NormPlacement::before:
        break;
    case NormPlacement::around:
        return {"input_layernorm", "post_attention_layernorm", "pre_feedforward_layernorm",
                "post_feedforward_layernorm"};
    case NormPlacement::after:
        return {nullptr, "post_attention_layernorm", nullptr, "post_feedforward_layernorm"};
    }
    return {"input_layernorm", nullptr, "post_attention_layernorm", nullptr};
}

LinearPart linearPart(const ModelConfig& config, Role role) {
    const std::size_t queries = config.querySize();
    const std::size_t keys = config.keyValueSize();
    const bool fused = config.design.fusedProjections;
    switch (role) {
    case Role::query:
        return {fused ? "self_attn.qkv_proj" : "self_attn.q_proj", 0, queries};
    case Role::key:
        return {fused ? "self_attn.qkv_proj" : "self_attn.k_proj", fused ? queries : 0, keys};
    case Role::value:
        return {fused ? "self_attn.qkv_proj" : "self_attn.v_proj", fused ? queries + keys : 0, keys};
    case Role::output:
        return {"self_attn.o_proj", 0, config.hiddenSize};
    case Role::gate:
        return {fused ? "mlp.gate_up_proj" : "mlp.gate_proj", 0, config.mlpSize};
    case Role::up:
        return {fused ? "mlp.gate_up_proj" : "mlp.up_proj", fused ? config.mlpSize : 0, config.mlpSize};
    default:
        return {"mlp.down_proj", 0, config.hiddenSize};
    }
}

std::vector<TensorInfo> tensorLayout(const ModelConfig& config) {
    return Layout(config).run();
}

std::string storedName(const TensorInfo& tensor) {
    return tensor.role == Role::bias ? tensor.name : tensor.name + ".weight";
}

} // namespace planish
