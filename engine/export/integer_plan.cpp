// SPDX-License-Identifier: GPL-3.0-or-later
#include "export/integer_plan.h"

#include "codec/integer_rows.h"
#include "codec/packed_format.h"
#include "support/error.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <initializer_list>
#include <map>
#include <optional>

namespace planish {
namespace {

constexpr std::array compressedBits{4, 8};
constexpr std::array<std::size_t, 4> compressedGroups{0, 128, 64, 32}; ///< 0: rows
constexpr std::array gptqBits{2, 3, 4, 8};

template <typename List, typename Value>
bool contains(const List& list, const Value& value) {
    return std::find(list.begin(), list.end(), value) != list.end();
}

double bitsPerWeight(const Codec& codec, Shape shape) {
    return 8.0 * static_cast<double>(codec.packedBytes(shape)) / static_cast<double>(shape.count());
}

/// The canonical name of a symmetric codec.
std::string codecName(int bits, std::size_t group, const std::string& scales) {
    return Codec::parse(fmt::format("int{}:sym:{}:scale={}", bits,
                                    group == 0 ? std::string("row") : fmt::format("g{}", group), scales))
        .name();
}

/// For what is no linear of a block.
PlannedCodec asNumbers(const TensorInfo& tensor, const Codec& codec, const ExportSettings& settings) {
    if (settings.others == OtherTensors::refused && !codec.isFloat()) {
        throw InputError("export", tensor.name,
                         "a float type: the format has integers in linears of blocks only", codec.name());
    }
    return {settings.floats};
}

class CompressedTensorsPlan {
  public:
    CompressedTensorsPlan(const Model& model, std::span<const Codec> codecs, const ExportSettings& settings)
        : tensors_(model.tensors()), codecs_(codecs), settings_(settings) {}

    std::vector<PlannedCodec> run() && {
        for (std::size_t i = 0; i < tensors_.size(); ++i) {
            planned_.push_back(
                isDecoderLinear(tensors_[i].role) ? alone(i) : asNumbers(tensors_[i], codecs_[i], settings_));
        }
        join({Role::query, Role::key, Role::value}, "q, k and v");
        join({Role::gate, Role::up}, "gate and up");
        return std::move(planned_);
    }

  private:
    bool fits(const IntegerCodec& codec, Shape shape) const {
        const bool zeroPoints = codec.bits == 4 && shape.rows % 8 == 0; // whose words are whole, too
        return contains(compressedBits, codec.bits) && (codec.symmetric || zeroPoints) &&
               contains(compressedGroups, codec.groupSize) && fits(codec.groupSize, shape);
    }
    /// Words are whole, and so are groups.
    static bool fits(std::size_t group, Shape shape) {
        return shape.columns % std::max<std::size_t>(group, 8) == 0;
    }

    /// Without the others of its set.
    PlannedCodec alone(std::size_t i) const {
        const auto integers = integerCodec(codecs_[i]);
        std::string why;
        if (integers && fits(*integers, tensors_[i].shape)) {
            const std::string_view scales = scaleTypeName(integers->scaleType);
            if (scales == settings_.floats) {
                return {formatAlone(codecs_[i])->name()};
            }
            why = fmt::format("scales in {}, the model's numbers in {}", scales, settings_.floats);
        }
        if (codecs_[i].isFloat() || settings_.others == OtherTensors::floats) {
            return {settings_.floats, why};
        }
        if (settings_.others == OtherTensors::refused) {
            throw InputError(
                "export", tensors_[i].name,
                fmt::format("int4:sym, int8:sym or uint4 with :g32, :g64, :g128 or :row that divide its "
                            "{} inputs, and scales in {}, as vLLM loads it",
                            tensors_[i].shape.columns, settings_.floats),
                codecs_[i].name());
        }
        return {nearest(i), why};
    }

    /// The codec of the format that takes nearly as many bits a weight.
    std::string nearest(std::size_t i) const {
        const Shape shape = tensors_[i].shape;
        const double bits = bitsPerWeight(codecs_[i], shape);
        std::string best = settings_.floats;
        double distance = HUGE_VAL;
        for (const int width : compressedBits) {
            for (const std::size_t group : compressedGroups) {
                const std::string name = codecName(width, group, settings_.floats);
                const double off = std::abs(bitsPerWeight(Codec::parse(name), shape) - bits);
                if (fits(group, shape) && off < distance) {
                    best = name;
                    distance = off;
                }
            }
        }
        return best;
    }

    /// Tensors of a block that vLLM makes one of are written alike.
    void join(std::initializer_list<Role> roles, const char* names) {
        std::map<int, std::vector<std::size_t>> sets;
        for (std::size_t i = 0; i < tensors_.size(); ++i) {
            if (contains(roles, tensors_[i].role)) {
                sets[tensors_[i].block].push_back(i);
            }
        }
        for (const auto& [block, set] : sets) {
            const std::string& first = planned_[set.front()].codec;
            const bool alike = std::all_of(set.begin(), set.end(),
                                           [&](std::size_t i) { return planned_[i].codec == first; });
            if (!alike) {
                alignSet(set, names);
            }
        }
    }

    void alignSet(const std::vector<std::size_t>& set, const char* names) {
        if (settings_.others == OtherTensors::refused) {
            const auto other = std::find_if(set.begin(), set.end(), [&](std::size_t i) {
                return planned_[i].codec != planned_[set.front()].codec;
            });
            throw InputError("export", tensors_[*other].name,
                             fmt::format("{}, as {}: vLLM makes one tensor of {}",
                                         planned_[set.front()].codec, tensors_[set.front()].name, names),
                             planned_[*other].codec);
        }
        std::string common = settings_.floats;
        if (settings_.others == OtherTensors::reencoded) {
            // They have the same inputs, so what one is stored in the others can be.
            common = planned_[*std::max_element(set.begin(), set.end(), [&](std::size_t a, std::size_t b) {
                         return bitsPlanned(a) < bitsPlanned(b);
                     })].codec;
        }
        for (const std::size_t i : set) {
            if (planned_[i].codec != common) {
                planned_[i] = {common, fmt::format("vLLM wants {} of a block alike", names)};
            }
        }
    }

    double bitsPlanned(std::size_t i) const {
        return bitsPerWeight(Codec::parse(planned_[i].codec), tensors_[i].shape);
    }

    const std::vector<TensorInfo>& tensors_;
    std::span<const Codec> codecs_;
    const ExportSettings& settings_;
    std::vector<PlannedCodec> planned_;
};

/// The name of the format alone, when GPTQ files can hold it.
std::string gptqCodec(const Codec& codec) {
    const auto integers = integerCodec(codec);
    return integers && integers->symmetric && contains(gptqBits, integers->bits) &&
                   integers->scaleType == ScaleType::fp16
               ? formatAlone(codec)->name()
               : "";
}

bool fitsGptq(const IntegerCodec& codec, Shape shape) {
    return shape.rows % 32 == 0 && shape.columns % 32 == 0 &&
           (codec.groupSize == 0 || shape.columns % codec.groupSize == 0);
}

} // namespace

std::vector<PlannedCodec> planCompressedTensors(const Model& model, std::span<const Codec> codecs,
                                                const ExportSettings& settings) {
    if (settings.floats == "fp32") {
        throw InputError("export", "float type", "fp16 or bf16, which vLLM computes with", settings.floats);
    }
    std::vector<PlannedCodec> planned = CompressedTensorsPlan(model, codecs, settings).run();
    const bool none = std::all_of(planned.begin(), planned.end(),
                                  [&](const PlannedCodec& one) { return one.codec == settings.floats; });
    if (none) {
        const auto reason = std::find_if(planned.begin(), planned.end(),
                                         [](const PlannedCodec& one) { return !one.why.empty(); });
        throw InputError(
            "export", "compressed-tensors",
            fmt::format("linears in a codec such as {}, or other codecs encoded once more; as floats "
                        "alone, format hf writes them",
                        codecName(4, 128, settings.floats)),
            reason == planned.end() ? "none that go over as whole numbers"
                                    : "none that go over as whole numbers: " + reason->why);
    }
    return planned;
}

std::vector<PlannedCodec> planGptq(const Model& model, std::span<const Codec> codecs,
                                   const ExportSettings& settings) {
    if (settings.floats != "fp16") {
        throw InputError("export", "float type", "fp16, which the scales of GPTQ files are in",
                         settings.floats);
    }
    std::map<std::string, std::size_t> weights;
    for (std::size_t i = 0; i < codecs.size(); ++i) {
        if (isDecoderLinear(model.tensors()[i].role)) {
            weights[gptqCodec(codecs[i])] += model.tensors()[i].count();
        }
    }
    weights.erase("");
    const auto most = std::max_element(weights.begin(), weights.end(),
                                       [](const auto& a, const auto& b) { return a.second < b.second; });
    const std::string common = most == weights.end() ? "int4:sym:g128" : most->first;
    const IntegerCodec integers = *integerCodec(Codec::parse(common));
    std::vector<PlannedCodec> planned;
    std::vector<std::size_t> different;
    for (std::size_t i = 0; i < codecs.size(); ++i) {
        const TensorInfo& tensor = model.tensors()[i];
        planned.push_back(isDecoderLinear(tensor.role) ? PlannedCodec{common}
                                                       : asNumbers(tensor, codecs[i], settings));
        const bool fits = fitsGptq(integers, tensor.shape);
        if (isDecoderLinear(tensor.role) &&
            (!fits || (gptqCodec(codecs[i]) != common && settings.others != OtherTensors::reencoded))) {
            different.push_back(i);
        }
    }
    if (!different.empty()) {
        const std::size_t first = different.front();
        throw InputError(
            "export", model.tensors()[first].name,
            fmt::format("{} like the other linears of blocks, inputs and outputs in multiples of "
                        "32: GPTQ files have one number of bits, 2, 3, 4 or 8, and one group "
                        "size, symmetric, scales in fp16",
                        common),
            fmt::format("{} of {} × {}{}", codecs[first].name(), model.tensors()[first].shape.rows,
                        model.tensors()[first].shape.columns,
                        different.size() > 1
                            ? fmt::format(", and {} more that differ, {} the last of them",
                                          different.size() - 1, model.tensors()[different.back()].name)
                            : ""));
    }
    return planned;
}

} // namespace planish
