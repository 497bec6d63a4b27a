// SPDX-License-Identifier: GPL-3.0-or-later
#include "export/integer_tensors.h"

#include "model/integer_matrix.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <map>

namespace planish {
namespace {

constexpr std::size_t wordBits = 32;

template <typename Number>
std::vector<std::byte> bytesOf(const std::vector<Number>& numbers) {
    const auto bytes = std::as_bytes(std::span(numbers));
    return {bytes.begin(), bytes.end()};
}

/// Lines of numbers of a few bits, each line a bit stream in words of its own, beside one another or, `down`,
/// one below the other.
class Words {
  public:
    Words(std::size_t lines, std::size_t numbers, int bits, bool down)
        : lines_(lines),
          bits_(static_cast<std::size_t>(bits)),
          words_(integerWords(numbers, bits)),
          down_(down) {}

    std::vector<std::uint64_t> shape() const {
        return down_ ? std::vector<std::uint64_t>{words_, lines_}
                     : std::vector<std::uint64_t>{lines_, words_};
    }

    template <typename Number>
    std::vector<std::byte> fill(std::size_t numbers, Number number) const {
        std::vector<std::uint32_t> all(lines_ * words_);
        for (std::size_t line = 0; line < lines_; ++line) {
            for (std::size_t i = 0; i < numbers; ++i) {
                const std::uint32_t value = number(line, i);
                const std::size_t word = i * bits_ / wordBits;
                const std::size_t shift = i * bits_ % wordBits;
                all[at(line, word)] |= value << shift;
                if (shift + bits_ > wordBits) {
                    all[at(line, word + 1)] |= value >> (wordBits - shift);
                }
            }
        }
        return bytesOf(all);
    }

  private:
    std::size_t at(std::size_t line, std::size_t word) const {
        return down_ ? word * lines_ + line : line * words_ + word;
    }

    std::size_t lines_;
    std::size_t bits_;
    std::size_t words_;
    bool down_;
};

std::uint64_t count(const std::vector<std::uint64_t>& shape) {
    std::uint64_t product = 1;
    for (const std::uint64_t size : shape) {
        product *= size;
    }
    return product;
}

OutputTensor output(std::string name, const char* type, std::uint64_t numberBytes,
                    const std::vector<std::uint64_t>& shape,
                    std::function<std::vector<std::byte>()> content) {
    return {std::move(name), type, shape, numberBytes * count(shape), std::move(content)};
}

using Packed = std::function<std::span<const std::byte>()>;

std::vector<OutputTensor> compressedTensors(const TensorInfo& tensor, const IntegerCodec& codec,
                                            const Packed& packed) {
    const auto [rows, columns] = tensor.shape;
    const auto content = [codec, shape = tensor.shape, packed] {
        return integerRows(codec, packed(), shape);
    };
    const Words words(rows, columns, codec.bits, false);
    std::vector<OutputTensor> parts{
        output(tensor.name + ".weight_packed", "I32", sizeof(std::uint32_t), words.shape(),
               [words, content, columns = columns] {
                   const IntegerRows integers = content();
                   return words.fill(columns, [&](std::size_t row, std::size_t column) {
                       return integers.levels[row * columns + column];
                   });
               }),
        output(tensor.name + ".weight_scale", codec.scaleType == ScaleType::bf16 ? "BF16" : "F16",
               sizeof(std::uint16_t), {rows, codec.groups(columns)},
               [content] { return bytesOf(content().scales); }),
        output(tensor.name + ".weight_shape", "I64", sizeof(std::uint64_t), {2},
               [shape = std::vector<std::uint64_t>{rows, columns}] { return bytesOf(shape); })};
    if (!codec.symmetric) {
        const std::size_t groups = codec.groups(columns);
        const Words zeros(groups, rows, codec.bits, true);
        parts.push_back(output(tensor.name + ".weight_zero_point", "I32", sizeof(std::uint32_t),
                               zeros.shape(), [zeros, content, groups, rows = rows] {
                                   const IntegerRows integers = content();
                                   return zeros.fill(rows, [&](std::size_t group, std::size_t row) {
                                       return integers.zeroPoints[row * groups + group];
                                   });
                               }));
    }
    return parts;
}

std::vector<OutputTensor> gptq(const TensorInfo& tensor, const IntegerCodec& codec, const Packed& packed) {
    const auto [rows, columns] = tensor.shape;
    const std::size_t groups = codec.groups(columns);
    const auto content = [codec, shape = tensor.shape, packed] {
        return integerRows(codec, packed(), shape);
    };
    const Words words(rows, columns, codec.bits, true);
    const Words zeros(groups, rows, codec.bits, false);
    return {output(tensor.name + ".qweight", "I32", sizeof(std::uint32_t), words.shape(),
                   [words, content, columns = columns] {
                       const IntegerRows integers = content();
                       return words.fill(columns, [&](std::size_t row, std::size_t column) {
                           return integers.levels[row * columns + column];
                       });
                   }),
            output(tensor.name + ".qzeros", "I32", sizeof(std::uint32_t), zeros.shape(),
                   [zeros, rows = rows, zero = (1U << (codec.bits - 1)) - 1] {
                       return zeros.fill(rows, [&](std::size_t, std::size_t) { return zero; });
                   }),
            output(tensor.name + ".scales", "F16", sizeof(std::uint16_t), {groups, rows},
                   [content, groups, rows = rows] {
                       const IntegerRows integers = content();
                       std::vector<std::uint16_t> turned(groups * rows);
                       for (std::size_t i = 0; i < turned.size(); ++i) {
                           turned[i] = integers.scales[i % rows * groups + i / rows];
                       }
                       return bytesOf(turned);
                   }),
            output(tensor.name + ".g_idx", "I32", sizeof(std::uint32_t), {columns},
                   [columns = columns, size = codec.groupSize == 0 ? columns : codec.groupSize] {
                       std::vector<std::uint32_t> group(columns);
                       for (std::size_t i = 0; i < columns; ++i) {
                           group[i] = static_cast<std::uint32_t>(i / size);
                       }
                       return bytesOf(group);
                   })};
}

Json weightsConfig(const IntegerCodec& codec) {
    const bool rows = codec.groupSize == 0;
    return {{"num_bits", codec.bits},
            {"type", "int"},
            {"symmetric", codec.symmetric},
            {"strategy", rows ? "channel" : "group"},
            {"group_size", rows ? Json(nullptr) : Json(codec.groupSize)},
            {"dynamic", false},
            {"actorder", nullptr}};
}

Json compressedTensorsConfig(const Model& model, const ExportPlan& plan) {
    std::map<std::string, Json> targets; // by codec
    Json ignored = Json::array();
    for (std::size_t i = 0; i < plan.tensors.size(); ++i) {
        const ExportedTensor& tensor = plan.tensors[i];
        if (!isDecoderLinear(model.tensors()[i].role)) {
            continue;
        }
        if (integerCodec(Codec::parse(tensor.written))) {
            targets[tensor.written].push_back(tensor.name);
        } else {
            ignored.push_back(tensor.name);
        }
    }
    ignored.push_back("lm_head");
    Json groups = Json::object();
    for (const auto& [codec, names] : targets) {
        groups[fmt::format("group_{}", groups.size())] = {
            {"targets", targets.size() == 1 ? Json::array({"Linear"}) : names},
            {"weights", weightsConfig(*integerCodec(Codec::parse(codec)))},
            {"input_activations", nullptr},
            {"output_activations", nullptr}};
    }
    return {{"quant_method", "compressed-tensors"}, {"format", "pack-quantized"},
            {"quantization_status", "compressed"},  {"config_groups", std::move(groups)},
            {"ignore", std::move(ignored)},         {"kv_cache_scheme", nullptr}};
}

Json gptqConfig(const Model& model, const ExportPlan& plan) {
    for (std::size_t i = 0; i < plan.tensors.size(); ++i) {
        if (isDecoderLinear(model.tensors()[i].role)) {
            const IntegerCodec codec = *integerCodec(Codec::parse(plan.tensors[i].written));
            return {{"quant_method", "gptq"},
                    {"checkpoint_format", "gptq"},
                    {"bits", codec.bits},
                    {"group_size", codec.groupSize == 0 ? Json(-1) : Json(codec.groupSize)},
                    {"desc_act", false},
                    {"sym", true},
                    {"lm_head", false},
                    {"pack_dtype", "int32"}};
        }
    }
    return nullptr;
}

} // namespace

std::vector<OutputTensor> integerTensors(ExportFormat format, const TensorInfo& tensor,
                                         const IntegerCodec& codec, const Packed& packed) {
    return format == ExportFormat::gptq ? gptq(tensor, codec, packed)
                                        : compressedTensors(tensor, codec, packed);
}

Json integerConfig(ExportFormat format, const Model& model, const ExportPlan& plan) {
    return format == ExportFormat::gptq ? gptqConfig(model, plan) : compressedTensorsConfig(model, plan);
}

} // namespace planish
