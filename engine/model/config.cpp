// SPDX-License-Identifier: GPL-3.0-or-later
#include "model/config.h"

#include "support/json.h"

#include <fmt/format.h>

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

double readPositive(const JsonObject& json, const std::string& key, double fallback) {
    const double value = json.number(key, fallback);
    if (!(value > 0) || value > 1e15) {
        throw InputError(json.source(), json.fieldPath(key), "a number above 0 and below 1e15",
                         fmt::format("{}", value));
    }
    return value;
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

std::string readArchitecture(const JsonObject& json) {
    constexpr std::string_view expected = "LlamaForCausalLM or MistralForCausalLM";
    const std::string type = json.string("model_type", "");
    if (!json.has("architectures")) {
        if (type != "llama" && type != "mistral") {
            throw InputError(json.source(), "model_type", "llama or mistral",
                             type.empty() ? "nothing" : type);
        }
        return type == "llama" ? "LlamaForCausalLM" : "MistralForCausalLM";
    }
    const Json& names = json.array("architectures");
    if (names.size() != 1 || !names[0].is_string()) {
        refuse(json, "architectures", expected);
    }
    const auto name = names[0].get<std::string>();
    if ((name != "LlamaForCausalLM" && name != "MistralForCausalLM") ||
        (!type.empty() && type != "llama" && type != "mistral")) {
        throw InputError(json.source(), "architectures", expected,
                         type.empty() ? name : fmt::format("{} of model_type {}", name, type));
    }
    return name;
}

/// What would change the computation in a way the forward pass does not know.
void refuseVariants(const JsonObject& json) {
    if (json.string("hidden_act", "silu") != "silu") {
        refuse(json, "hidden_act", "silu");
    }
    if (json.has("sliding_window") && json.boolean("use_sliding_window", true)) {
        refuse(json, "sliding_window", "null (attention over the whole context)");
    }
    if (json.has("quantization_config")) {
        throw InputError(json.source(), "quantization_config", "an unquantized model",
                         "a quantized one; open the model it was made from");
    }
    if (json.number("partial_rotary_factor", 1) != 1) {
        refuse(json, "partial_rotary_factor", "1");
    }
}

void readRope(const JsonObject& json, ModelConfig& config) {
    config.ropeTheta = readPositive(json, "rope_theta", 10000);
    const char* key = json.has("rope_scaling") ? "rope_scaling" : "rope_parameters";
    if (!json.has(key)) {
        return;
    }
    const JsonObject rope = json.object(key);
    config.ropeTheta = readPositive(rope, "rope_theta", config.ropeTheta);
    if (rope.number("partial_rotary_factor", 1) != 1) {
        refuse(rope, "partial_rotary_factor", "1");
    }
    const char* typeKey = rope.has("rope_type") ? "rope_type" : "type";
    const std::string type = rope.string(typeKey, "default");
    if (type == "default") {
        return;
    }
    if (type != "llama3") {
        throw InputError(json.source(), rope.fieldPath(typeKey), "default or llama3", type);
    }
    Llama3RopeScaling scaling;
    rope.at("factor");
    scaling.factor = readPositive(rope, "factor", 1);
    scaling.lowFrequencyFactor = readPositive(rope, "low_freq_factor", scaling.lowFrequencyFactor);
    scaling.highFrequencyFactor = readPositive(rope, "high_freq_factor", scaling.highFrequencyFactor);
    scaling.originalContext =
        readPositive(rope, "original_max_position_embeddings", static_cast<double>(config.maximumContext));
    if (scaling.highFrequencyFactor <= scaling.lowFrequencyFactor) {
        throw InputError(json.source(), rope.fieldPath("high_freq_factor"),
                         fmt::format("more than low_freq_factor {}", scaling.lowFrequencyFactor),
                         fmt::format("{}", scaling.highFrequencyFactor));
    }
    config.ropeScaling = scaling;
}

void readHeads(const JsonObject& json, ModelConfig& config) {
    config.heads = readSize(json, "num_attention_heads");
    config.keyValueHeads =
        json.has("num_key_value_heads") ? readSize(json, "num_key_value_heads") : config.heads;
    if (config.heads % config.keyValueHeads != 0) {
        throw InputError(json.source(), "num_key_value_heads",
                         fmt::format("a divisor of num_attention_heads {}", config.heads),
                         fmt::format("{}", config.keyValueHeads));
    }
    if (json.has("head_dim")) {
        config.headSize = readSize(json, "head_dim");
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
    ModelConfig config;
    config.architecture = readArchitecture(json);
    refuseVariants(json);
    config.hiddenSize = readSize(json, "hidden_size");
    config.blocks = readSize(json, "num_hidden_layers", largestBlocks);
    config.mlpSize = readSize(json, "intermediate_size");
    config.vocabularySize = readSize(json, "vocab_size");
    config.maximumContext =
        static_cast<std::size_t>(json.integer("max_position_embeddings", 1, largestContext, 2048));
    readHeads(json, config);
    config.tiedEmbedding = json.boolean("tie_word_embeddings", false);
    config.attentionBias = json.boolean("attention_bias", false);
    config.mlpBias = json.boolean("mlp_bias", false);
    config.normEpsilon = readPositive(json, "rms_norm_eps", 1e-6);
    readRope(json, config);
    config.beginToken = readToken(json, "bos_token_id", config.vocabularySize);
    config.endToken = readToken(json, "eos_token_id", config.vocabularySize);
    return config;
}

} // namespace planish
