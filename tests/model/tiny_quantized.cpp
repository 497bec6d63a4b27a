// SPDX-License-Identifier: GPL-3.0-or-later
#include "tiny_quantized.h"

#include <fmt/format.h>

#include <bit>
#include <cmath>
#include <functional>
#include <random>

namespace planish::test {
namespace {

using Numbers = std::function<unsigned(std::size_t line, std::size_t index)>;

std::uint64_t wordsFor(std::size_t count, int bits) {
    return (count * static_cast<std::size_t>(bits) + 31) / 32;
}

/// Lines of numbers as bit streams in words, [lines, words], or [words, lines] when `down`.
std::string packed(std::size_t lines, std::size_t count, int bits, bool down, const Numbers& number) {
    const std::size_t words = wordsFor(count, bits);
    std::vector<std::uint32_t> all(lines * words);
    for (std::size_t line = 0; line < lines; ++line) {
        for (std::size_t i = 0; i < count; ++i) {
            for (int bit = 0; bit < bits; ++bit) {
                const std::size_t at = i * static_cast<std::size_t>(bits) + static_cast<std::size_t>(bit);
                const std::size_t word = at / 32;
                const std::uint32_t set = number(line, i) >> bit & 1U;
                all[down ? word * lines + line : line * words + word] |= set << at % 32;
            }
        }
    }
    std::string bytes;
    for (const std::uint32_t word : all) {
        bytes += littleEndian(word, 4);
    }
    return bytes;
}

/// One linear: levels and zero points from 0 on, scales that fp16 and bf16 have exactly.
class Linear {
  public:
    Linear(const QuantizedSpec& spec, std::string name, std::size_t outputs, std::size_t inputs)
        : spec_(spec), name_(std::move(name)), outputs_(outputs), inputs_(inputs), random_(outputs + inputs) {
        const std::size_t size = spec.group < 0 ? inputs : static_cast<std::size_t>(spec.group);
        groups_ = (inputs + size - 1) / size;
        for (std::size_t input = 0; input < inputs; ++input) {
            groupOf_.push_back(spec.ordered ? input * 7 % inputs / size : input / size);
        }
        for (std::size_t i = 0; i < outputs * inputs; ++i) {
            levels_.push_back(below(1U << spec.bits));
        }
        for (std::size_t i = 0; i < outputs * groups_; ++i) {
            zeros_.push_back(spec.symmetric ? 1U << (spec.bits - 1) : 1 + below((1U << spec.bits) - 1));
            scales_.push_back(std::ldexp(static_cast<float>(below(255)) - 127, -12));
        }
    }

    Matrix values() const {
        Matrix result(static_cast<Eigen::Index>(outputs_), static_cast<Eigen::Index>(inputs_));
        for (std::size_t i = 0; i < outputs_; ++i) {
            for (std::size_t j = 0; j < inputs_; ++j) {
                const std::size_t group = i * groups_ + groupOf_[j];
                result(static_cast<Eigen::Index>(i), static_cast<Eigen::Index>(j)) =
                    scales_[group] *
                    (static_cast<float>(levels_[i * inputs_ + j]) - static_cast<float>(zeros_[group]));
            }
        }
        return result;
    }

    void addTo(std::vector<StoredTensor>& tensors) const {
        if (spec_.method == "compressed-tensors") {
            addCompressedTensors(tensors);
        } else {
            addInputsFirst(tensors);
        }
    }

  private:
    unsigned below(unsigned limit) { return static_cast<unsigned>(random_() % limit); }
    unsigned level(std::size_t output, std::size_t input) const { return levels_[output * inputs_ + input]; }
    unsigned zero(std::size_t output, std::size_t group) const { return zeros_[output * groups_ + group]; }

    std::string scale(float value) const {
        const std::uint32_t bits = std::bit_cast<std::uint32_t>(value);
        if (spec_.scales == "F32") {
            return littleEndian(bits, 4);
        }
        if (spec_.scales == "BF16") {
            return littleEndian(bits >> 16, 2);
        }
        const Eigen::half half(value);
        return littleEndian(Eigen::numext::bit_cast<std::uint16_t>(half), 2);
    }

    std::string groupIndices() const {
        std::string bytes;
        for (const std::size_t group : groupOf_) {
            bytes += littleEndian(group, 4);
        }
        return bytes;
    }

    /// compressed-tensors, pack_to_int32: whole numbers around zero plus 2^(B−1); those of zero points along
    /// the outputs.
    void addCompressedTensors(std::vector<StoredTensor>& tensors) const {
        const int bits = spec_.bits;
        tensors.push_back({name_ + ".weight_packed",
                           "I32",
                           {outputs_, wordsFor(inputs_, bits)},
                           packed(outputs_, inputs_, bits, false, [&](std::size_t output, std::size_t input) {
                               return level(output, input);
                           })});
        std::string scales;
        for (const float value : scales_) {
            scales += scale(value);
        }
        tensors.push_back({name_ + ".weight_scale", spec_.scales, {outputs_, groups_}, scales});
        if (!spec_.symmetric) {
            tensors.push_back(
                {name_ + ".weight_zero_point",
                 "I32",
                 {wordsFor(outputs_, bits), groups_},
                 packed(groups_, outputs_, bits, true,
                        [&](std::size_t group, std::size_t output) { return zero(output, group); })});
        }
        if (spec_.ordered) {
            tensors.push_back({name_ + ".weight_g_idx", "I32", {inputs_}, groupIndices()});
        }
        tensors.push_back(
            {name_ + ".weight_shape", "I64", {2}, littleEndian(outputs_, 8) + littleEndian(inputs_, 8)});
    }

    /// AutoGPTQ: numbers of inputs share words, zero points of outputs, less one. AutoAWQ: those of outputs,
    /// number i of 8 in place i of this order.
    void addInputsFirst(std::vector<StoredTensor>& tensors) const {
        constexpr std::size_t order[] = {0, 2, 4, 6, 1, 3, 5, 7};
        const int bits = spec_.bits;
        const bool awq = spec_.method == "awq";
        const auto turned = [&](std::size_t output) {
            return awq ? output - output % 8 + order[output % 8] : output;
        };
        const unsigned less = awq || spec_.second ? 0 : 1;
        const std::vector<std::uint64_t> shape =
            awq ? std::vector<std::uint64_t>{inputs_, wordsFor(outputs_, bits)}
                : std::vector<std::uint64_t>{wordsFor(inputs_, bits), outputs_};
        tensors.push_back(
            {name_ + ".qweight", "I32", shape,
             awq ? packed(inputs_, outputs_, bits, false,
                          [&](std::size_t input, std::size_t output) { return level(turned(output), input); })
                 : packed(outputs_, inputs_, bits, true,
                          [&](std::size_t output, std::size_t input) { return level(output, input); })});
        tensors.push_back({name_ + ".qzeros",
                           "I32",
                           {groups_, wordsFor(outputs_, bits)},
                           packed(groups_, outputs_, bits, false, [&](std::size_t group, std::size_t output) {
                               return zero(turned(output), group) - less;
                           })});
        std::string scales;
        for (std::size_t group = 0; group < groups_; ++group) {
            for (std::size_t output = 0; output < outputs_; ++output) {
                scales += scale(scales_[output * groups_ + group]);
            }
        }
        tensors.push_back({name_ + ".scales", spec_.scales, {groups_, outputs_}, scales});
        if (spec_.method == "gptq") {
            tensors.push_back({name_ + ".g_idx", "I32", {inputs_}, groupIndices()});
        }
    }

    const QuantizedSpec& spec_;
    std::string name_;
    std::size_t outputs_;
    std::size_t inputs_;
    std::mt19937 random_;
    std::size_t groups_ = 0;
    std::vector<std::size_t> groupOf_;
    std::vector<unsigned> levels_;
    std::vector<unsigned> zeros_;
    std::vector<float> scales_;
};

std::string quantizationConfig(const QuantizedSpec& spec) {
    if (spec.method == "compressed-tensors") {
        return fmt::format(
            R"({{"quant_method": "compressed-tensors", "format": "pack-quantized", "ignore": ["lm_head"],
             "quantization_status": "compressed", "kv_cache_scheme": null, "config_groups": {{"group_0": {{
             "targets": ["Linear"], "input_activations": null, "output_activations": null, "weights": {{
             "num_bits": {}, "type": "int", "symmetric": {}, "strategy": "{}", "group_size": {},
             "actorder": {}}}}}}}}})",
            spec.bits, spec.symmetric, spec.group < 0 ? "channel" : "group",
            spec.group < 0 ? "null" : std::to_string(spec.group), spec.ordered ? R"("group")" : "null");
    }
    if (spec.method == "awq") {
        return fmt::format(
            R"({{"quant_method": "awq", "bits": {}, "group_size": {}, "zero_point": true, "version": "gemm"}})",
            spec.bits, spec.group);
    }
    return fmt::format(
        R"({{"quant_method": "gptq", "bits": {}, "group_size": {}, "desc_act": {}, "sym": {}{}}})", spec.bits,
        spec.group, spec.ordered, spec.symmetric, spec.second ? R"(, "checkpoint_format": "gptq_v2")" : "");
}

} // namespace

QuantizedCheckpoint quantizedCheckpoint(const QuantizedSpec& spec) {
    QuantizedCheckpoint checkpoint;
    const auto plain = [&](const std::string& name, std::vector<std::uint64_t> shape) {
        std::uint64_t count = 1;
        for (const std::uint64_t size : shape) {
            count *= size;
        }
        std::string bytes;
        for (std::uint64_t i = 0; i < count; ++i) {
            bytes += littleEndian(0x3c00 + i % 64, 2);
        }
        checkpoint.tensors.push_back({name + ".weight", "F16", std::move(shape), bytes});
    };
    const auto linear = [&](const std::string& name, std::size_t outputs, std::size_t inputs) {
        const Linear made(spec, "model.layers.0." + name, outputs, inputs);
        made.addTo(checkpoint.tensors);
        checkpoint.values["model.layers.0." + name] = made.values();
    };
    plain("model.embed_tokens", {8, 32});
    plain("model.layers.0.input_layernorm", {32});
    linear("self_attn.q_proj", 32, 32);
    linear("self_attn.k_proj", 16, 32);
    linear("self_attn.v_proj", 16, 32);
    linear("self_attn.o_proj", 32, 32);
    plain("model.layers.0.post_attention_layernorm", {32});
    linear("mlp.gate_proj", 96, 32);
    linear("mlp.up_proj", 96, 32);
    linear("mlp.down_proj", 32, 96);
    plain("model.norm", {32});
    plain("lm_head", {8, 32});
    checkpoint.config = tinyConfig({{"hidden_size", "32"},
                                    {"num_attention_heads", "4"},
                                    {"num_key_value_heads", "2"},
                                    {"intermediate_size", "96"},
                                    {"torch_dtype", R"("float16")"},
                                    {"quantization_config", quantizationConfig(spec)}});
    return checkpoint;
}

} // namespace planish::test
