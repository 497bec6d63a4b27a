// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "codec/codec.h"
#include "model/model.h"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace planish {

/// Kinds of files other programs load.
enum class ExportFormat { planish, gguf, compressedTensors, gptq, huggingFace, llamaQuantize };

struct ExportFormatInfo {
    ExportFormat format;
    std::string_view word;    ///< as the command line says it
    std::string_view title;   ///< "GGUF (llama.cpp)"
    std::string_view promise; ///< what is exact in it and what is not, a sentence or two
    bool isFolder = false;    ///< a folder with config.json, which is opened as a model
    bool takesFloats = false; ///< ExportSettings::floats may be any it can be
    bool takesOthers = false; ///< OtherTensors can be chosen
};
std::span<const ExportFormatInfo> exportFormats();
const ExportFormatInfo& exportFormatInfo(ExportFormat format);
/// Throws InputError with the valid words.
ExportFormat parseExportFormat(std::string_view word);

/// What becomes of tensors whose codec the format has no words for.
enum class OtherTensors {
    floats,    ///< their decoded values, in a float type
    reencoded, ///< in the type of the format that has nearly as many bits a weight
    refused,   ///< nothing is written
};

struct ExportSettings {
    ExportFormat format = ExportFormat::gguf;
    std::filesystem::path
        folder; ///< to write into; with GGUF the file itself where it ends in .gguf and is no folder
    bool overwrite = false;
    std::string floats = "fp16"; ///< fp16, bf16 or fp32: of what is written as plain numbers
    OtherTensors others = OtherTensors::floats;
};

/// One tensor of an export.
struct ExportedTensor {
    std::string name;
    std::string measured;    ///< its codec
    std::string written;     ///< the codec of what is written
    std::string why{};       ///< it is written in another one, where that is not for the codec itself
    bool exact = false;      ///< what is written decodes to what was measured
    std::uint64_t bytes = 0; ///< written
    double error = 0; ///< ‖W−Ŵ‖² ÷ ‖W‖² of what is written against what was measured; once written
};

/// What an export will write, before anything is quantized.
struct ExportPlan {
    std::vector<ExportedTensor> tensors; ///< in the order of the model

    std::uint64_t bytes() const;
    /// What people should know: how many tensors are exact, and which others become what.
    std::vector<std::string> notes() const;
};

/// Throws InputError naming the tensor when one is to be refused, or a setting that cannot be.
ExportPlan planExport(const Model& model, std::span<const Codec> codecs, const ExportSettings& settings);

} // namespace planish
