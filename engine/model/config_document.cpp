// SPDX-License-Identifier: GPL-3.0-or-later
#include "model/config_document.h"

namespace planish {

Json configDocument(const ModelConfig& config, const std::string& numbers) {
    if (!config.ropeDivisors.empty()) {
        throw Error("config.json cannot say by what each rotary frequency of this model is divided");
    }
    Json document{{"architectures", {config.architecture}},
                  {"attention_bias", config.attentionBias},
                  {"head_dim", config.headSize},
                  {"hidden_act", "silu"},
                  {"hidden_size", config.hiddenSize},
                  {"intermediate_size", config.mlpSize},
                  {"max_position_embeddings", config.maximumContext},
                  {"mlp_bias", config.mlpBias},
                  {"model_type", config.architecture == "MistralForCausalLM" ? "mistral" : "llama"},
                  {"num_attention_heads", config.heads},
                  {"num_hidden_layers", config.blocks},
                  {"num_key_value_heads", config.keyValueHeads},
                  {"rms_norm_eps", config.normEpsilon},
                  {"rope_scaling", nullptr},
                  {"rope_theta", config.ropeTheta},
                  {"tie_word_embeddings", config.tiedEmbedding},
                  {"torch_dtype", numbers},
                  {"vocab_size", config.vocabularySize}};
    if (config.ropeScaling) {
        document["rope_scaling"] = {
            {"rope_type", "llama3"},
            {"factor", config.ropeScaling->factor},
            {"low_freq_factor", config.ropeScaling->lowFrequencyFactor},
            {"high_freq_factor", config.ropeScaling->highFrequencyFactor},
            {"original_max_position_embeddings", config.ropeScaling->originalContext}};
    }
    if (config.beginToken) {
        document["bos_token_id"] = *config.beginToken;
    }
    if (config.endToken) {
        document["eos_token_id"] = *config.endToken;
    }
    return document;
}

} // namespace planish
