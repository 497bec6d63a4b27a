// SPDX-License-Identifier: GPL-3.0-or-later
#include "model/config_document.h"

#include "model/families.h"
#include "model/gguf_config.h"

#include <fmt/format.h>

#include <algorithm>

namespace planish {

Json configDocument(const ModelConfig& config, const std::string& numbers) {
    if (!config.rope.divisors.empty()) {
        throw Error("config.json cannot say by what each rotary frequency of this model is divided");
    }
    const auto& scaling = config.rope.scaling;
    // The families that llama.cpp calls as config.json does.
    const auto family = std::ranges::find(modelFamilies(), ggufArchitecture(config), &ModelFamily::modelType);
    if (family == modelFamilies().end() || (scaling && scaling->kind != RopeKind::llama3)) {
        throw Error(fmt::format(
            "config.json is written anew for models that compute as Llama, Qwen 2 or Qwen 3 do, not for {}",
            config.architecture));
    }
    Json document{{"architectures", {family->architecture}},
                  {"attention_bias", config.attentionBias},
                  {"head_dim", config.headSize},
                  {"hidden_act", "silu"},
                  {"hidden_size", config.hiddenSize},
                  {"intermediate_size", config.mlpSize},
                  {"max_position_embeddings", config.maximumContext},
                  {"mlp_bias", config.mlpBias},
                  {"model_type", family->modelType},
                  {"num_attention_heads", config.heads},
                  {"num_hidden_layers", config.blocks},
                  {"num_key_value_heads", config.keyValueHeads},
                  {"rms_norm_eps", config.normEpsilon},
                  {"rope_scaling", nullptr},
                  {"rope_theta", config.rope.theta},
                  {"tie_word_embeddings", config.tiedEmbedding},
                  {"torch_dtype", numbers},
                  {"vocab_size", config.vocabularySize}};
    if (scaling) {
        document["rope_scaling"] = {{"rope_type", "llama3"},
                                    {"factor", scaling->factor},
                                    {"low_freq_factor", scaling->lowFrequencyFactor},
                                    {"high_freq_factor", scaling->highFrequencyFactor},
                                    {"original_max_position_embeddings", scaling->originalContext}};
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
