// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace planish {

/// Llama 3's frequency scaling of rotary position embeddings (config.json: rope_type "llama3").
struct Llama3RopeScaling {
    double factor = 1;
    double lowFrequencyFactor = 1;
    double highFrequencyFactor = 4;
    double originalContext = 8192; ///< tokens
};

/// The shape of a Llama-type decoder, checked: every size positive and consistent with the others.
struct ModelConfig {
    std::string architecture; ///< "LlamaForCausalLM"
    std::size_t hiddenSize = 0;
    std::size_t blocks = 0;
    std::size_t heads = 0;
    std::size_t keyValueHeads = 0; ///< divides heads
    std::size_t headSize = 0;      ///< even
    std::size_t mlpSize = 0;
    std::size_t vocabularySize = 0;
    std::size_t maximumContext = 0; ///< tokens the model was made for
    bool tiedEmbedding = false;     ///< the head is the embedding matrix
    bool attentionBias = false;     ///< q, k, v and o have biases
    bool mlpBias = false;           ///< gate, up and down have biases
    double normEpsilon = 1e-5;
    double ropeTheta = 10000;
    std::optional<Llama3RopeScaling> ropeScaling;
    std::vector<double> ropeDivisors; ///< of the headSize ÷ 2 rotary frequencies, from files that list them
    std::optional<std::int64_t> beginToken; ///< bos_token_id
    std::optional<std::int64_t> endToken;   ///< the first eos_token_id

    std::size_t querySize() const { return heads * headSize; }
    std::size_t keyValueSize() const { return keyValueHeads * headSize; }
};

/// Reads config.json in its older form (rope_theta, rope_scaling, torch_dtype) and its newest
/// (rope_parameters, dtype). Throws InputError naming file, field, expected and found; architectures,
/// activations and RoPE variants that are not supported are refused naming what is missing.
ModelConfig readModelConfig(const std::string& path);

} // namespace planish
