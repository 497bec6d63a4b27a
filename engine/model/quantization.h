// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace planish {

/// How tensors of a quantized checkpoint are stored: whole numbers in groups of inputs with a scale each.
struct IntegerScheme {
    int bits = 4;
    bool symmetric = true;     ///< no zero points are stored
    std::size_t groupSize = 0; ///< 0: a group a row

    /// In the words of codec strings: "int4:sym:g128", "uint4:g128".
    std::string name() const;
};

/// Quantized checkpoints in safetensors that are read.
enum class CheckpointKind {
    compressedTensors, ///< pack-quantized, of llm-compressor
    gptq,              ///< AutoGPTQ, GPTQModel
    awq,               ///< AutoAWQ, GEMM
};

/// What a checkpoint says of its quantization.
struct Quantization {
    CheckpointKind kind = CheckpointKind::compressedTensors;
    std::vector<IntegerScheme> schemes; ///< each quantized tensor has one of these
    bool zerosLessOne = false;          ///< zero points are stored less one (gptq, but not gptq_v2)
};

/// The quantization_config of a config.json, or else what quantize_config.json says beside it; empty for
/// checkpoints that are not quantized. Throws InputError naming file, field, expected and found, for
/// quantizations that are not read too: activations in few bits, floats of few bits, other packings.
std::optional<Quantization> readQuantization(const std::filesystem::path& config);

} // namespace planish
