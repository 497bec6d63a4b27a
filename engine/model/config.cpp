// SPDX-License-Identifier: GPL-3.0-or-later
#include "model/config.h"

#include "model/block_attention.h"
#include "model/rope_config.h"
#include "support/json.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

namespace planish {
namespace {

// Far beyond every published model, and small enough that no product of two of them overflows.
constexpr std::int64_t largestSize = 1 << 24;
constexpr std::int64_t largestBlocks = 10'000;
constexpr std::int64_t largestContext = 1 << 30;
constexpr std::uint64_t largestFile = 128 << 10; // bytes; real ones have a few thousand

std::size_t readSize(const JsonObject& json, const char* key, std::int64_t largest = largestSize) {
    return static_cast<std::size_t>(json.integer(key, 1, largest));
}

void refuse(const JsonObject& json, const char* key, std::string_view expected) {
    throw InputError(json.source(), json.fieldPath(key), expected,
                     json.at(key).dump(-1, ' ', false, Json::error_handler_t::replace));
}

/// Token id fields are absent, a number, or an array of which the first counts.
std::optional<std::int64_t> readToken(const JsonObject& json, const char* key, std::size_t vocabularySize) {
    if (!json.has(key)) {
        return {};
    }
    const Json& value = json.at(key);
    if (value.is_array() && value.empty()) {
        return {};
    }
    const Json first = value.is_array() ? value.front() : value;
    const Json single{{key, first}};
    return JsonObject(single, json.source()).integer(key, 0, static_cast<std::int64_t>(vocabularySize) - 1);
}

const ModelFamily* familyOf(std::string_view ModelFamily::*field, std::string_view value) {
    const auto all = modelFamilies();
    const auto found = std::find_if(all.begin(), all.end(),
                                    [&](const ModelFamily& family) { return family.*field == value; });
    return found == all.end() ? nullptr : &*found;
}

std::string known(std::string_view ModelFamily::*field) {
    std::vector<std::string_view> names;
    for (const ModelFamily& family : modelFamilies()) {
        names.push_back(family.*field);
    }
    return fmt::format("one of {}", fmt::join(names, ", "));
}

const ModelFamily& readFamily(const JsonObject& json) {
    const std::string type = json.string("model_type", "");
    if (!json.has("architectures")) {
        if (const ModelFamily* family = familyOf(&ModelFamily::modelType, type)) {
            return *family;
        }
        throw InputError(json.source(), "model_type", known(&ModelFamily::modelType),
                         type.empty() ? "nothing" : type);
    }
    const Json& names = json.array("architectures");
    if (names.size() != 1 || !names[0].is_string()) {
        refuse(json, "architectures", known(&ModelFamily::architecture));
    }
    const auto name = names[0].get<std::string>();
    const ModelFamily* family = familyOf(&ModelFamily::architecture, name);
    if (family == nullptr || (!type.empty() && type != family->modelType)) {
        throw InputError(json.source(), "architectures", known(&ModelFamily::architecture),
                         type.empty() ? name : fmt::format("{} of model_type {}", name, type));
    }
    return *family;
}

/// What would change the computation in a way the forward pass does not know.
void refuseVariants(const JsonObject& json) {
    if (json.boolean("use_bidirectional_attention", false)) {
        refuse(json, "use_bidirectional_attention", "false (a text is read in one direction)");
    }
}

void readBiases(const JsonObject& json, const ModelFamily& family, ModelConfig& config) {
    const bool attention = json.boolean("attention_bias", false);
    const bool mlp = json.boolean("mlp_bias", false);
    const bool hasMlp = family.biases == Biases::attentionAndMlp;
    if (attention && family.biases != Biases::attention && !hasMlp) {
        refuse(json, "attention_bias", fmt::format("false for {}", family.architecture));
    }
    if (mlp && !hasMlp) {
        refuse(json, "mlp_bias", fmt::format("false for {}", family.architecture));
    }
    config.attentionBias = attention || family.biases == Biases::queryKeyValue;
    config.outputBias = attention;
    config.mlpBias = mlp;
}

/// A number of ours, none where the file has null, or what the family takes where the file has nothing.
double readCap(const Json& document, const JsonObject& json, const char* key, double fallback) {
    if (document.contains(key) && document[key].is_null()) {
        return 0;
    }
    return fallback == 0 && !json.has(key) ? 0 : readPositive(json, key, fallback);
}

void readDesign(const Json& document, const JsonObject& json, const ModelFamily& family,
                ModelConfig& config) {
    config.design = family.design;
    const char* key = json.has("hidden_activation") ? "hidden_activation" : "hidden_act";
    const std::string usual = family.design.activation == Activation::silu ? "silu" : "gelu_pytorch_tanh";
    const std::string activation = json.string(key, usual);
    if (activation != "silu" && activation != "gelu_pytorch_tanh") {
        refuse(json, key, "silu or gelu_pytorch_tanh");
    }
    config.design.activation = activation == "silu" ? Activation::silu : Activation::geluTanh;
    if (family.queryScalar) {
        config.design.attentionScale = 1 / std::sqrt(readPositive(json, "query_pre_attn_scalar", 256));
        config.design.scoreCap = readCap(document, json, "attn_logit_softcapping", family.design.scoreCap);
        config.logitCap = readCap(document, json, "final_logit_softcapping", family.logitCap);
    }
    if (family.scaledEmbedding) {
        config.embeddingScale = std::sqrt(static_cast<double>(config.hiddenSize));
    }
    if (family.multipliers) {
        config.design.attentionScale = readPositive(json, "attention_multiplier", 1);
        config.design.residualScale = readPositive(json, "residual_multiplier", 1);
        config.embeddingScale = readPositive(json, "embedding_multiplier", 1);
        config.logitScale = 1 / readPositive(json, "logits_scaling", 1);
    }
}

void readHeads(const JsonObject& json, const ModelFamily& family, ModelConfig& config) {
    config.heads = readSize(json, "num_attention_heads");
    config.keyValueHeads =
        json.has("num_key_value_heads") ? readSize(json, "num_key_value_heads") : config.heads;
    if (config.heads % config.keyValueHeads != 0) {
        throw InputError(json.source(), "num_key_value_heads",
                         fmt::format("a divisor of num_attention_heads {}", config.heads),
                         fmt::format("{}", config.keyValueHeads));
    }
    if (json.has("head_dim") || family.headSize > 0) {
        config.headSize = json.has("head_dim") ? readSize(json, "head_dim") : family.headSize;
    } else if (config.hiddenSize % config.heads != 0) {
        throw InputError(json.source(), "num_attention_heads",
                         fmt::format("a divisor of hidden_size {}", config.hiddenSize),
                         fmt::format("{}", config.heads));
    } else {
        config.headSize = config.hiddenSize / config.heads;
    }
    if (config.headSize % 2 != 0) {
        throw InputError(json.source(), "head_dim", "an even number, for rotary position embeddings",
                         fmt::format("{}", config.headSize));
    }
    if (config.querySize() > static_cast<std::size_t>(largestSize)) {
        throw InputError(json.source(), "head_dim", fmt::format("at most {} over all heads", largestSize),
                         fmt::format("{}", config.querySize()));
    }
}

} // namespace

ModelConfig readModelConfig(const std::string& path) {
    const Json document = parseJsonFile(path, largestFile);
    const JsonObject json(document, path);
    const ModelFamily& family = readFamily(json);
    refuseVariants(json);
    ModelConfig config;
    config.architecture = family.architecture;
    config.hiddenSize = readSize(json, "hidden_size");
    config.blocks = readSize(json, "num_hidden_layers", largestBlocks);
    config.mlpSize = readSize(json, "intermediate_size");
    config.vocabularySize = readSize(json, "vocab_size");
    config.maximumContext =
        static_cast<std::size_t>(json.integer("max_position_embeddings", 1, largestContext, 2048));
    readHeads(json, family, config);
    config.tiedEmbedding = json.boolean("tie_word_embeddings", family.tiedEmbedding);
    readBiases(json, family, config);
    config.normEpsilon = readPositive(json, "rms_norm_eps", family.normEpsilon);
    readDesign(document, json, family, config);
    readRopes(json, family, config);
    config.attention = readBlockAttention(document, json, family, config.blocks);
    config.beginToken = readToken(json, "bos_token_id", config.vocabularySize);
    config.endToken = readToken(json, "eos_token_id", config.vocabularySize);
    return config;
}

} // namespace planish
