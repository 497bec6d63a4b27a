// SPDX-License-Identifier: GPL-3.0-or-later
#include "model/quantization.h"

#include "support/json.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <initializer_list>
#include <string_view>
#include <system_error>

namespace planish {
namespace {

constexpr std::uint64_t largestFile = 16 << 20; // bytes; lists of modules may be long
constexpr std::int64_t largestGroup = 1 << 24;

std::string lower(std::string text) {
    std::transform(text.begin(), text.end(), text.begin(),
                   [](unsigned char letter) { return static_cast<char>(std::tolower(letter)); });
    return text;
}

[[noreturn]] void refuse(const JsonObject& json, const std::string& key, std::string_view expected,
                         std::string_view found) {
    throw InputError(json.source(), json.fieldPath(key), expected, found);
}

void requireWord(const JsonObject& json, const std::string& key, std::string_view word,
                 std::string_view meaning = "") {
    if (const std::string found = lower(json.string(key, std::string(word))); found != word) {
        refuse(json, key, meaning.empty() ? word : meaning, found);
    }
}

int readBits(const JsonObject& json, const std::string& key, std::initializer_list<int> read) {
    const auto bits = static_cast<int>(json.integer(key, 1, 64));
    if (std::find(read.begin(), read.end(), bits) == read.end()) {
        std::string words;
        for (const int one : read) {
            words += (words.empty() ? "" : " or ") + std::to_string(one);
        }
        refuse(json, key, words, std::to_string(bits));
    }
    return bits;
}

/// −1 is a group a row.
std::size_t readGroup(const JsonObject& json, const std::string& key) {
    const std::int64_t size = json.integer(key, -1, largestGroup);
    if (size == 0) {
        refuse(json, key, "-1 or a number of inputs", "0");
    }
    return size < 0 ? 0 : static_cast<std::size_t>(size);
}

/// `weights` of one of the config_groups.
IntegerScheme readWeights(const JsonObject& json) {
    requireWord(json, "type", "int", "int: no other numbers are read");
    IntegerScheme scheme;
    scheme.bits = readBits(json, "num_bits", {4, 8});
    scheme.symmetric = json.boolean("symmetric", true);
    const std::string strategy = json.string("strategy", json.has("group_size") ? "group" : "channel");
    if (strategy != "group" && strategy != "channel") {
        refuse(json, "strategy", "group or channel", strategy);
    }
    scheme.groupSize = strategy == "group" ? readGroup(json, "group_size") : 0;
    return scheme;
}

Quantization readCompressedTensors(const JsonObject& json) {
    const std::string format = json.string("format");
    if (format != "pack-quantized") {
        refuse(json, "format", "pack-quantized: no other packing is read", format);
    }
    if (json.has("kv_cache_scheme")) {
        refuse(json, "kv_cache_scheme", "null: keys and values are not quantized here", "a scheme");
    }
    Quantization quantization{CheckpointKind::compressedTensors, {}, false};
    const JsonObject groups = json.object("config_groups");
    for (const auto& [name, ignored] : json.at("config_groups").items()) {
        const JsonObject group = groups.object(name);
        for (const char* activations : {"input_activations", "output_activations"}) {
            if (group.has(activations)) {
                refuse(group, activations, "null: activations are not quantized here", "a scheme");
            }
        }
        quantization.schemes.push_back(readWeights(group.object("weights")));
    }
    if (quantization.schemes.empty()) {
        refuse(json, "config_groups", "a group", "none");
    }
    return quantization;
}

Quantization readGptq(const JsonObject& json) {
    const std::string format = lower(json.string("checkpoint_format", "gptq"));
    if (format != "gptq" && format != "gptq_v2") {
        refuse(json, "checkpoint_format", "gptq or gptq_v2", format);
    }
    if (json.boolean("is_marlin_format", false)) {
        refuse(json, "is_marlin_format", "false: that packing is not read", "true");
    }
    requireWord(json, "pack_dtype", "int32");
    const IntegerScheme scheme{readBits(json, "bits", {2, 3, 4, 8}), false, readGroup(json, "group_size")};
    return {CheckpointKind::gptq, {scheme}, format == "gptq"};
}

Quantization readAwq(const JsonObject& json) {
    requireWord(json, "version", "gemm", "gemm: no other packing is read");
    requireWord(json, "backend", "autoawq");
    if (!json.boolean("zero_point", true)) {
        refuse(json, "zero_point", "true", "false");
    }
    const IntegerScheme scheme{readBits(json, json.has("w_bit") ? "w_bit" : "bits", {4}), false,
                               readGroup(json, json.has("q_group_size") ? "q_group_size" : "group_size")};
    return {CheckpointKind::awq, {scheme}, false};
}

} // namespace

std::string IntegerScheme::name() const {
    return fmt::format("{}int{}{}{}", symmetric ? "" : "u", bits, symmetric ? ":sym" : "",
                       groupSize == 0 ? std::string(":row") : fmt::format(":g{}", groupSize));
}

std::optional<Quantization> readQuantization(const std::filesystem::path& config) {
    const std::string path = config.string();
    const Json document = parseJsonFile(path, largestFile);
    const JsonObject fields(document, path);
    if (fields.has("quantization_config")) {
        const JsonObject json = fields.object("quantization_config");
        const std::string method = lower(json.string("quant_method"));
        if (method == "compressed-tensors") {
            return readCompressedTensors(json);
        }
        if (method == "gptq") {
            return readGptq(json);
        }
        if (method == "awq") {
            return readAwq(json);
        }
        refuse(json, "quant_method", "compressed-tensors, gptq or awq", method);
    }
    const std::filesystem::path beside = config.parent_path() / "quantize_config.json"; // of older AutoGPTQ
    std::error_code ignored;
    if (!std::filesystem::exists(beside, ignored)) {
        return {};
    }
    const Json other = parseJsonFile(beside.string(), largestFile);
    return readGptq(JsonObject(other, beside.string()));
}

} // namespace planish
