// SPDX-License-Identifier: GPL-3.0-or-later
#include "model/gguf_config.h"

#include "model/layout.h"
#include "support/error.h"

#include <fmt/format.h>

#include <algorithm>

namespace planish {
namespace {

constexpr std::int64_t largestSize = 1 << 24; // as of config.json
constexpr std::int64_t largestBlocks = 10'000;
constexpr std::int64_t largestContext = 1 << 30;

/// Reads the keys of one architecture.
class Reader {
  public:
    explicit Reader(const GgufFile& file)
        : file_(file), metadata_(file.metadata()), prefix_(metadata_.string("general.architecture") + ".") {
        if (prefix_ != "llama." && prefix_ != "qwen2." && prefix_ != "qwen3.") {
            throw InputError(metadata_.source(), "general.architecture", "llama, qwen2 or qwen3",
                             metadata_.string("general.architecture"));
        }
    }

    ModelConfig read() {
        refuseVariants();
        ModelConfig config;
        config.architecture = prefix_ == "llama."   ? "LlamaForCausalLM"
                              : prefix_ == "qwen2." ? "Qwen2ForCausalLM"
                                                    : "Qwen3ForCausalLM";
        if (prefix_ == "qwen3.") {
            config.design.queryKeyNorm = QueryKeyNorm::eachHead;
        }
        config.hiddenSize = size("embedding_length");
        config.blocks = size("block_count", largestBlocks);
        config.mlpSize = size("feed_forward_length");
        config.maximumContext = has("context_length") ? size("context_length", largestContext) : 2048;
        readHeads(config);
        config.rotarySize = config.headSize;
        config.vocabularySize = vocabularySize();
        config.tiedEmbedding = !hasTensor("output.weight");
        config.attentionBias = hasTensor("blk.0.attn_q.bias");
        config.outputBias = hasTensor("blk.0.attn_output.bias");
        config.mlpBias = hasTensor("blk.0.ffn_gate.bias");
        config.normEpsilon = positive("attention.layer_norm_rms_epsilon");
        config.rope.theta = has("rope.freq_base") ? positive("rope.freq_base") : 10000;
        config.rope.divisors = ropeDivisors(config.headSize / 2);
        config.beginToken = token("tokenizer.ggml.bos_token_id", config.vocabularySize);
        config.endToken = token("tokenizer.ggml.eos_token_id", config.vocabularySize);
        return config;
    }

  private:
    bool has(const std::string& key) const { return metadata_.has(prefix_ + key); }
    bool hasTensor(const char* name) const { return file_.find(name).tensor != nullptr; }

    [[noreturn]] void fail(const std::string& key, std::string_view expected, std::string_view found) const {
        throw InputError(metadata_.source(), prefix_ + key, expected, found);
    }

    std::size_t size(const std::string& key, std::int64_t largest = largestSize) const {
        return static_cast<std::size_t>(metadata_.integer(prefix_ + key, 1, largest));
    }

    double positive(const std::string& key) const {
        const double value = metadata_.number(prefix_ + key);
        if (!(value > 0) || value > 1e15) {
            fail(key, "a number above 0 and below 1e15", fmt::format("{}", value));
        }
        return value;
    }

    /// What would change the computation in a way the forward pass does not know.
    void refuseVariants() const {
        for (const char* key : {"expert_count", "attention.sliding_window"}) {
            if (has(key) && metadata_.integer(prefix_ + key, 0, largestContext) > 0) {
                fail(key, "0 or nothing", "more, which is not supported");
            }
        }
        for (const char* key : {"rope.scale_linear", "rope.scaling.factor"}) {
            if (has(key) && metadata_.number(prefix_ + key) != 1 && !isUnscaled()) {
                fail(key, "1", fmt::format("{}, which is not supported", metadata_.number(prefix_ + key)));
            }
        }
        if (has("rope.scaling.type") && !isUnscaled()) {
            fail("rope.scaling.type", "none", metadata_.string(prefix_ + "rope.scaling.type"));
        }
    }

    bool isUnscaled() const {
        return has("rope.scaling.type") && metadata_.string(prefix_ + "rope.scaling.type") == "none";
    }

    void readHeads(ModelConfig& config) const {
        config.heads = size("attention.head_count");
        config.keyValueHeads = has("attention.head_count_kv") ? keyValueHeads() : config.heads;
        if (config.heads % config.keyValueHeads != 0) {
            fail("attention.head_count_kv", fmt::format("a divisor of head_count {}", config.heads),
                 fmt::format("{}", config.keyValueHeads));
        }
        if (has("attention.key_length")) {
            config.headSize = size("attention.key_length");
        } else if (config.hiddenSize % config.heads != 0) {
            fail("attention.head_count", fmt::format("a divisor of embedding_length {}", config.hiddenSize),
                 fmt::format("{}", config.heads));
        } else {
            config.headSize = config.hiddenSize / config.heads;
        }
        for (const char* key : {"attention.value_length", "rope.dimension_count"}) {
            if (has(key) && size(key) != config.headSize) {
                fail(key, fmt::format("{}, the size of a head", config.headSize),
                     fmt::format("{}", size(key)));
            }
        }
        if (config.headSize % 2 != 0 ||
            config.headSize > static_cast<std::size_t>(largestSize) / config.heads) {
            fail("attention.key_length",
                 fmt::format("an even number, at most {} over all heads", largestSize),
                 fmt::format("{}", config.headSize));
        }
    }

    /// One number, or the same one for each block.
    std::size_t keyValueHeads() const {
        const std::string key = prefix_ + "attention.head_count_kv";
        if (!metadata_.isArray(key)) {
            return size("attention.head_count_kv");
        }
        const std::vector<std::int64_t> counts = metadata_.integers(key);
        const bool equal = !counts.empty() && std::equal(counts.begin() + 1, counts.end(), counts.begin());
        if (!equal || counts.front() < 1 || counts.front() > largestSize) {
            fail("attention.head_count_kv", "the same number for all blocks", "different ones");
        }
        return static_cast<std::size_t>(counts.front());
    }

    std::size_t vocabularySize() const {
        const char* name = "token_embd.weight";
        const auto found = file_.find(name);
        if (found.tensor == nullptr || found.tensor->shape.size() != 2 ||
            found.tensor->shape.front() > static_cast<std::uint64_t>(largestSize)) {
            throw InputError(metadata_.source(), name, "a matrix of a row for each token",
                             found.tensor == nullptr ? "none" : "another shape");
        }
        return static_cast<std::size_t>(found.tensor->shape.front());
    }

    std::vector<double> ropeDivisors(std::size_t count) const {
        const auto [file, tensor] = file_.find(ggufRopeFactors);
        if (tensor == nullptr) {
            return {};
        }
        if (tensor->type->name != "F32" || tensor->shape != std::vector<std::uint64_t>{count}) {
            throw InputError(file->path().string(), ggufRopeFactors,
                             fmt::format("{} numbers of type F32", count), "another type or shape");
        }
        std::vector<float> stored(count);
        file->read(tensor->offset, std::as_writable_bytes(std::span(stored)));
        for (const float divisor : stored) {
            if (!(divisor > 0) || divisor > 1e15F) {
                throw InputError(file->path().string(), ggufRopeFactors, "numbers above 0 and below 1e15",
                                 fmt::format("{}", divisor));
            }
        }
        return {stored.begin(), stored.end()};
    }

    std::optional<std::int64_t> token(const std::string& key, std::size_t vocabularySize) const {
        if (!metadata_.has(key)) {
            return {};
        }
        return metadata_.integer(key, 0, static_cast<std::int64_t>(vocabularySize) - 1);
    }

    const GgufFile& file_;
    const GgufMetadata& metadata_;
    std::string prefix_;
};

std::string_view blockPart(const TensorInfo& tensor) {
    switch (tensor.role) {
    case Role::query:
        return "attn_q";
    case Role::key:
        return "attn_k";
    case Role::value:
        return "attn_v";
    case Role::output:
        return "attn_output";
    case Role::gate:
        return "ffn_gate";
    case Role::up:
        return "ffn_up";
    case Role::down:
        return "ffn_down";
    case Role::norm:
        return tensor.name.ends_with(queryNorm)           ? "attn_q_norm"
               : tensor.name.ends_with(keyNorm)           ? "attn_k_norm"
               : tensor.name.ends_with("input_layernorm") ? "attn_norm"
                                                          : "ffn_norm";
    default:
        return "";
    }
}

/// What a bias is added to.
Role biasOf(const TensorInfo& tensor) {
    for (const auto& [part, role] : {std::pair("q_proj", Role::query), std::pair("k_proj", Role::key),
                                     std::pair("v_proj", Role::value), std::pair("o_proj", Role::output),
                                     std::pair("gate_proj", Role::gate), std::pair("up_proj", Role::up)}) {
        if (tensor.name.find(part) != std::string::npos) {
            return role;
        }
    }
    return Role::down;
}

TensorInfo weightOf(const TensorInfo& bias) {
    TensorInfo weight = bias;
    weight.role = biasOf(bias);
    return weight;
}

} // namespace

ModelConfig ggufConfig(const GgufFile& file) {
    return Reader(file).read();
}

std::string_view ggufArchitecture(const ModelConfig& config) {
    ModelConfig plain = config;
    plain.design.queryKeyNorm = QueryKeyNorm::none;
    const bool normed = config.design.queryKeyNorm == QueryKeyNorm::eachHead;
    const bool unbiased = !config.attentionBias && !config.outputBias && !config.mlpBias;
    if (!differencesFromLlama(normed ? plain : config).empty()) {
        return "";
    }
    if (normed) {
        return unbiased ? "qwen3" : "";
    }
    if (config.attentionBias == config.outputBias) {
        return "llama";
    }
    return config.attentionBias && !config.mlpBias ? "qwen2" : "";
}

std::string ggufName(const TensorInfo& tensor) {
    switch (tensor.role) {
    case Role::embedding:
        return "token_embd.weight";
    case Role::head:
        return "output.weight";
    case Role::bias:
        return fmt::format("blk.{}.{}.bias", tensor.block, blockPart(weightOf(tensor)));
    case Role::norm:
        if (tensor.block < 0) {
            return "output_norm.weight";
        }
        [[fallthrough]];
    default:
        return fmt::format("blk.{}.{}.weight", tensor.block, blockPart(tensor));
    }
}

std::size_t ggufInterleavedHeads(const TensorInfo& tensor, const ModelConfig& config,
                                 std::string_view architecture) {
    if (architecture != "llama") {
        return 0;
    }
    switch (tensor.role == Role::bias ? biasOf(tensor) : tensor.role) {
    case Role::query:
        return config.heads;
    case Role::key:
        return config.keyValueHeads;
    default:
        return 0;
    }
}

} // namespace planish
