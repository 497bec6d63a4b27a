// SPDX-License-Identifier: GPL-3.0-or-later
#include "export/gguf_document.h"

#include "export/gguf_tokenizer_metadata.h"
#include "model/gguf_config.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>

namespace planish {
namespace {

/// general.file_type by the type most weights have (llama_ftype of llama.h).
constexpr std::array<std::pair<std::string_view, std::uint32_t>, 15> fileTypes{{{"fp32", 0},
                                                                                {"fp16", 1},
                                                                                {"Q4_0", 2},
                                                                                {"Q4_1", 3},
                                                                                {"Q8_0", 7},
                                                                                {"Q5_0", 8},
                                                                                {"Q5_1", 9},
                                                                                {"Q2_K", 10},
                                                                                {"Q3_K", 12},
                                                                                {"Q4_K", 15},
                                                                                {"Q5_K", 17},
                                                                                {"Q6_K", 18},
                                                                                {"IQ4_NL", 25},
                                                                                {"IQ4_XS", 30},
                                                                                {"bf16", 32}}};

std::uint32_t fileType(const Model& model, const ExportPlan& plan) {
    std::map<std::string_view, std::size_t> weights;
    for (std::size_t i = 0; i < plan.tensors.size(); ++i) {
        if (isDecoderLinear(model.tensors()[i].role)) {
            weights[plan.tensors[i].written] += model.tensors()[i].count();
        }
    }
    const auto most = std::max_element(weights.begin(), weights.end(),
                                       [](const auto& a, const auto& b) { return a.second < b.second; });
    for (const auto& [codec, type] : fileTypes) {
        if (most != weights.end() && most->first == codec) {
            return type;
        }
    }
    return 0;
}

std::uint32_t small(std::size_t value) {
    return static_cast<std::uint32_t>(value);
}

} // namespace

GgufEntries ggufMetadata(const Model& model, const ExportPlan& plan) {
    const ModelConfig& config = model.config();
    const std::string architecture(ggufArchitecture(config));
    GgufEntries entries{{"general.architecture", ggufEntry(architecture)},
                        {"general.name", ggufEntry(model.name())},
                        {"general.file_type", ggufEntry(fileType(model, plan))},
                        {"general.quantization_version", ggufEntry(std::uint32_t{2})}};
    const auto add = [&](const char* key, GgufMetadata::Entry value) {
        entries.emplace_back(architecture + '.' + key, std::move(value));
    };
    add("context_length", ggufEntry(small(config.maximumContext)));
    add("embedding_length", ggufEntry(small(config.hiddenSize)));
    add("block_count", ggufEntry(small(config.blocks)));
    add("feed_forward_length", ggufEntry(small(config.mlpSize)));
    add("attention.head_count", ggufEntry(small(config.heads)));
    add("attention.head_count_kv", ggufEntry(small(config.keyValueHeads)));
    add("attention.key_length", ggufEntry(small(config.headSize)));
    add("attention.value_length", ggufEntry(small(config.headSize)));
    add("attention.layer_norm_rms_epsilon", ggufEntry(static_cast<float>(config.normEpsilon)));
    add("rope.freq_base", ggufEntry(static_cast<float>(config.rope.theta)));
    add("rope.dimension_count", ggufEntry(small(config.headSize)));
    add("vocab_size", ggufEntry(small(config.vocabularySize)));
    for (auto& entry : ggufTokenizerMetadata(model)) {
        entries.push_back(std::move(entry));
    }
    return entries;
}

} // namespace planish
