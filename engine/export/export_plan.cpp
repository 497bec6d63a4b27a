// SPDX-License-Identifier: GPL-3.0-or-later
#include "export/export_plan.h"

#include "codec/packed_format.h"
#include "export/integer_plan.h"
#include "export/integer_tensors.h"
#include "model/gguf_config.h"
#include "model/gguf_types.h"
#include "support/error.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>

namespace planish {
namespace {

constexpr std::array formats{
    ExportFormatInfo{ExportFormat::planish, "planish", "Packed tensors (Planish)",
                     "Every tensor exactly as it was measured; only Planish opens it.", true, false, false},
    ExportFormatInfo{
        ExportFormat::gguf, "gguf", "GGUF (llama.cpp)",
        "Tensors in GGUF's block types (Q4_K, IQ4_XS …) and float types go over bit by bit. What is "
        "stored in another codec becomes its decoded values in a float type, or is encoded once "
        "more.",
        false, true, true},
    ExportFormatInfo{
        ExportFormat::compressedTensors, "compressed-tensors", "compressed-tensors (vLLM)",
        "Linears in int4:sym, int8:sym and uint4, groups of 32, 64, 128 or rows, go over bit by bit when "
        "their "
        "scales are in the float type of the model. What is stored in another codec becomes its decoded "
        "values in that type, or is encoded once more.",
        true, true, true},
    ExportFormatInfo{
        ExportFormat::gptq, "gptq", "GPTQ (AutoGPTQ, GPTQModel, vLLM)",
        "All linears of blocks in one symmetric integer codec, such as int4:sym:g128 or int3:sym:g64, which "
        "goes over bit by bit; the rest in fp16. Another codec is refused, or encoded once more.",
        true, false, true},
    ExportFormatInfo{
        ExportFormat::huggingFace, "hf", "Hugging Face folder, decoded",
        "The decoded weights in one float type: fp32 is exact, fp16 and bf16 round once more. As large "
        "as the unquantized model.",
        true, true, false},
    ExportFormatInfo{
        ExportFormat::llamaQuantize, "llama-quantize", "Command for llama-quantize",
        "The same types tensor by tensor, chosen anew by llama.cpp's own quantizer: not the weights "
        "that were measured. Codecs that are no block type become the nearest one.",
        false, false, false},
};

bool isFloatCodec(const std::string& name) {
    return name == "fp16" || name == "bf16" || name == "fp32";
}

double bitsOf(const GgufType& type) {
    return 8.0 * static_cast<double>(type.bytes) / static_cast<double>(type.weights);
}

/// The block type for rows of this length that takes nearly as many bits a weight; of two as near the larger.
const GgufType* nearestBlockType(double bits, std::size_t columns) {
    const GgufType* best = nullptr;
    for (const GgufType& type : ggufTypes()) {
        if (type.codec.empty() || type.weights == 1 || columns % type.weights != 0) {
            continue;
        }
        const double distance = std::abs(bitsOf(type) - bits);
        const double known = best == nullptr ? HUGE_VAL : std::abs(bitsOf(*best) - bits);
        if (distance < known || (distance == known && type.weights > best->weights)) {
            best = &type;
        }
    }
    return best;
}

class Planner {
  public:
    explicit Planner(const ExportSettings& settings) : settings_(settings) {}

    std::vector<PlannedCodec> run(const Model& model, std::span<const Codec> codecs) const {
        if (settings_.format == ExportFormat::compressedTensors) {
            return planCompressedTensors(model, codecs, settings_);
        }
        if (settings_.format == ExportFormat::gptq) {
            return planGptq(model, codecs, settings_);
        }
        std::vector<PlannedCodec> planned;
        for (std::size_t i = 0; i < codecs.size(); ++i) {
            planned.push_back({written(model.tensors()[i], codecs[i])});
        }
        return planned;
    }

  private:
    std::string written(const TensorInfo& tensor, const Codec& codec) const {
        switch (settings_.format) {
        case ExportFormat::planish:
            return codec.name();
        case ExportFormat::gguf:
            return forGguf(tensor, codec, settings_.others);
        case ExportFormat::llamaQuantize:
            return forGguf(tensor, codec, OtherTensors::reencoded);
        default:
            return settings_.floats;
        }
    }

    std::string forGguf(const TensorInfo& tensor, const Codec& codec, OtherTensors others) const {
        if (tensor.isVector) {
            return "fp32"; // llama.cpp computes with nothing else
        }
        const auto format = formatAlone(codec);
        if (format && ggufTypeOf(format->name()) != nullptr) {
            return format->name();
        }
        if (others == OtherTensors::refused) {
            throw InputError("export", tensor.name, "a GGUF block type or a float type", codec.name());
        }
        if (others == OtherTensors::reencoded) {
            const double bits = 8.0 * static_cast<double>(codec.packedBytes(tensor.shape)) /
                                static_cast<double>(tensor.shape.count());
            if (const GgufType* type = nearestBlockType(bits, tensor.shape.columns)) {
                return std::string(type->codec);
            }
        }
        return settings_.floats;
    }

    const ExportSettings& settings_;
};

/// Whether values decoded from `measured` are exactly storable in `written`.
bool isExact(const Codec& measured, const std::string& written) {
    const auto format = formatAlone(measured);
    return written == measured.name() || (format && written == format->name()) ||
           (written == "fp32" && measured.isFloat());
}

std::uint64_t bytesWritten(ExportFormat format, const TensorInfo& tensor, const Codec& codec) {
    const auto integers = integerCodec(codec);
    if (!integers || (format != ExportFormat::compressedTensors && format != ExportFormat::gptq)) {
        return codec.packedBytes(tensor.shape);
    }
    std::uint64_t bytes = 0;
    for (const OutputTensor& part : integerTensors(format, tensor, *integers, {})) {
        bytes += part.bytes;
    }
    return bytes;
}

/// GGUF files are written of what llama.cpp runs as an architecture that is known here.
void requireGgufModel(const Model& model) {
    const ModelConfig& config = model.config();
    const std::string_view architecture = ggufArchitecture(config);
    std::vector<std::string> reasons;
    if (architecture.empty()) {
        reasons = differencesFromLlama(config);
        if (config.attentionBias || config.outputBias || config.mlpBias) {
            reasons.emplace_back("these biases");
        }
    }
    // Factors of frequencies are read there for "llama" only.
    const auto& scaling = config.rope.scaling;
    const bool scales = scaling.has_value() || !config.rope.divisors.empty();
    const bool writable = architecture == "llama" && (!scaling || scaling->kind == RopeKind::llama3 ||
                                                      scaling->kind == RopeKind::linear);
    if (scales && !writable) {
        reasons.push_back(
            fmt::format("rotary embedding scaled by {}", scaling ? ropeKindName(scaling->kind) : "factors"));
    }
    if (!reasons.empty()) {
        throw InputError(model.path().string(), "export format",
                         "planish or hf for this model: GGUF files are written of those that compute as "
                         "Llama, Qwen 2 or Qwen 3 do",
                         fmt::format("{} with {}", config.architecture, fmt::join(reasons, ", ")));
    }
}

} // namespace

std::span<const ExportFormatInfo> exportFormats() {
    return formats;
}

const ExportFormatInfo& exportFormatInfo(ExportFormat format) {
    return *std::find_if(formats.begin(), formats.end(),
                         [&](const ExportFormatInfo& info) { return info.format == format; });
}

ExportFormat parseExportFormat(std::string_view word) {
    std::vector<std::string_view> words;
    for (const ExportFormatInfo& info : formats) {
        if (info.word == word) {
            return info.format;
        }
        words.push_back(info.word);
    }
    throw InputError("export", "format", fmt::format("one of {}", fmt::join(words, ", ")), word);
}

std::uint64_t ExportPlan::bytes() const {
    std::uint64_t sum = 0;
    for (const ExportedTensor& tensor : tensors) {
        sum += tensor.bytes;
    }
    return sum;
}

std::vector<std::string> ExportPlan::notes() const {
    std::size_t exact = 0;
    std::map<std::array<std::string, 3>, std::vector<const ExportedTensor*>> lossy;
    for (const ExportedTensor& tensor : tensors) {
        if (tensor.exact) {
            ++exact;
        } else {
            lossy[{tensor.measured, tensor.written, tensor.why}].push_back(&tensor);
        }
    }
    std::vector<std::string> notes;
    notes.push_back(
        exact == tensors.size()
            ? fmt::format("all {} tensors hold exactly what was measured", exact)
            : fmt::format("{} of {} tensors hold exactly what was measured", exact, tensors.size()));
    for (const auto& [kind, all] : lossy) {
        const auto& [measured, written, why] = kind;
        const double worst = (*std::max_element(all.begin(), all.end(), [](const auto* a, const auto* b) {
                                 return a->error < b->error;
                             }))->error;
        notes.push_back(fmt::format("{} in {} become{} {}, which is not exact ({}{}){}",
                                    all.size() == 1 ? "1 tensor" : fmt::format("{} tensors", all.size()),
                                    measured, all.size() == 1 ? "s" : "", written, all.front()->name,
                                    all.size() > 1 ? " …" : "", why.empty() ? "" : ": " + why) +
                        (worst > 0 ? fmt::format(": relative squared error up to {:.2e}", worst) : ""));
    }
    if (exact != tensors.size()) {
        notes.push_back(
            "a recorded perplexity is not that of these files: measure them with planish-cli eval");
    }
    return notes;
}

ExportPlan planExport(const Model& model, std::span<const Codec> codecs, const ExportSettings& settings) {
    if (!isFloatCodec(settings.floats)) {
        throw InputError("export", "float type", "fp16, bf16 or fp32", settings.floats);
    }
    const ExportFormatInfo& format = exportFormatInfo(settings.format);
    if (settings.others == OtherTensors::reencoded && !format.takesOthers) {
        throw InputError("export", "other tensors",
                         fmt::format("floats or refused: {} has no codecs to encode in", format.word),
                         "re-encoded");
    }
    if (format.isFolder && !model.config().rope.divisors.empty()) {
        throw InputError(model.path().string(), "rope_freqs.weight",
                         "no list of rotary factors: config.json cannot say them, a GGUF file can", "a list");
    }
    if (!format.isFolder) {
        requireGgufModel(model);
    }
    const std::vector<PlannedCodec> planned = Planner(settings).run(model, codecs);
    ExportPlan plan;
    for (std::size_t i = 0; i < codecs.size(); ++i) {
        const TensorInfo& tensor = model.tensors()[i];
        ExportedTensor exported;
        exported.name = tensor.name;
        exported.measured = codecs[i].name();
        exported.written = planned[i].codec;
        exported.why = planned[i].why;
        exported.exact = isExact(codecs[i], exported.written);
        exported.bytes = bytesWritten(settings.format, tensor, Codec::parse(exported.written));
        plan.tensors.push_back(std::move(exported));
    }
    return plan;
}

} // namespace planish
