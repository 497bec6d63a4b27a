// SPDX-License-Identifier: GPL-3.0-or-later
#include "model/quantized_tensors.h"

#include "model/integer_tensor.h"
#include "support/error.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace planish {
namespace {

using Packing = IntegerMatrix::Packing;
using Location = ModelFiles::Location;

std::vector<std::uint64_t> sizes(Shape shape) {
    return {shape.rows, shape.columns};
}

/// Finds the parts of one tensor, each checked before anything is read.
class Locator {
  public:
    Locator(const ModelFiles& files, const Quantization& quantization, const TensorInfo& tensor)
        : files_(files), quantization_(quantization), tensor_(tensor) {}

    std::unique_ptr<const StoredTensor> compressedTensors() {
        const Location levels = find("weight_packed");
        if (levels.entry == nullptr) {
            return nullptr;
        }
        const auto [outputs, inputs] = tensor_.shape;
        const Location scales = files_.locate(name("weight_scale"));
        const Location zeros = find("weight_zero_point");
        const IntegerScheme scheme = schemeOf(levels, scales, zeros.entry == nullptr);
        IntegerTensor parts{.type = "compressed-tensors " + scheme.name(),
                            .shape = tensor_.shape,
                            .levels = integers(levels, tensor_.shape, scheme.bits, Packing::alongRows),
                            .scales = floats(scales, {outputs, groups(scheme)}),
                            .zero = 1 << (scheme.bits - 1),
                            .groupSize = groupSize(scheme)};
        if (zeros.entry != nullptr) {
            parts.zeros = integers(zeros, {outputs, groups(scheme)}, scheme.bits, Packing::alongColumns);
            parts.zero = 0;
        }
        addGroups(parts, "weight_g_idx", groups(scheme));
        parts.others.push_back(weightShape());
        return IntegerTensor::stored(std::move(parts));
    }

    /// GPTQ or AWQ.
    std::unique_ptr<const StoredTensor> inputsFirst() {
        const Location levels = find("qweight");
        if (levels.entry == nullptr) {
            return nullptr;
        }
        const bool awq = quantization_.kind == CheckpointKind::awq;
        const IntegerScheme scheme = quantization_.schemes.front();
        const auto [outputs, inputs] = tensor_.shape;
        const Shape parameters{groups(scheme), outputs};
        const Packing along = awq ? Packing::interleaved : Packing::alongRows;
        IntegerTensor parts{
            .type = (awq ? "awq " : "gptq ") + scheme.name(),
            .shape = tensor_.shape,
            .inputsFirst = true,
            .levels = integers(levels, {inputs, outputs}, scheme.bits, awq ? along : Packing::alongColumns),
            .scales = floats(files_.locate(name("scales")), parameters),
            .zeros = integers(files_.locate(name("qzeros")), parameters, scheme.bits, along),
            .zero = quantization_.zerosLessOne ? 1 : 0,
            .groupSize = groupSize(scheme)};
        if (!awq) {
            addGroups(parts, "g_idx", groups(scheme));
        }
        return IntegerTensor::stored(std::move(parts));
    }

  private:
    std::string name(const char* part) const { return tensor_.name + "." + part; }
    Location find(const char* part) const { return files_.find(name(part)); }

    std::size_t groupSize(const IntegerScheme& scheme) const {
        return scheme.groupSize == 0 ? tensor_.shape.columns : scheme.groupSize;
    }
    std::size_t groups(const IntegerScheme& scheme) const {
        const std::size_t size = groupSize(scheme);
        return (tensor_.shape.columns + size - 1) / size;
    }

    /// The one of config_groups that the shapes are of. Groups list modules by patterns; what the files have
    /// says the same.
    IntegerScheme schemeOf(const Location& levels, const Location& scales, bool symmetric) const {
        const auto [outputs, inputs] = tensor_.shape;
        std::vector<std::string> names;
        for (const IntegerScheme& scheme : quantization_.schemes) {
            names.push_back(scheme.name());
            if (scheme.symmetric == symmetric && inputs % groupSize(scheme) == 0 &&
                levels.entry->shape == sizes({outputs, integerWords(inputs, scheme.bits)}) &&
                scales.entry->shape == sizes({outputs, groups(scheme)})) {
                return scheme;
            }
        }
        throw InputError(levels.file->path(), levels.entry->name,
                         fmt::format("{} × {} weights in {}, which config.json implies", outputs, inputs,
                                     fmt::join(names, " or ")),
                         fmt::format("words {}, scales {}, {} zero points", shapeText(levels.entry->shape),
                                     shapeText(scales.entry->shape), symmetric ? "no" : "with"));
    }

    void requireShape(const Location& at, std::string_view type, std::vector<std::uint64_t> shape) const {
        if (at.entry->type != type || at.entry->shape != shape) {
            throw InputError(at.file->path(), at.entry->name,
                             fmt::format("{} {}, which config.json implies", type, shapeText(shape)),
                             at.entry->type + " " + shapeText(at.entry->shape));
        }
    }

    IntegerMatrix integers(const Location& at, Shape shape, int bits, Packing packing) const {
        IntegerMatrix matrix{{}, shape, bits, packing};
        requireShape(at, "I32", sizes(matrix.wordShape()));
        if (packing == Packing::interleaved && shape.columns % 8 != 0) {
            throw InputError(at.file->path(), at.entry->name, "a multiple of 8 outputs",
                             fmt::format("{}", shape.columns));
        }
        matrix.words = at.file->range(*at.entry);
        return matrix;
    }

    FloatMatrix floats(const Location& at, Shape shape) const {
        const Codec type = numberCodec(at.file->path(), *at.entry);
        requireShape(at, at.entry->type, sizes(shape));
        return {at.file->range(*at.entry), shape, type};
    }

    /// NAME.weight_shape, which says what the model's config.json does.
    FileRange weightShape() const {
        const Location at = files_.locate(name("weight_shape"));
        requireShape(at, "I64", {2});
        const FileRange range = at.file->range(*at.entry);
        std::vector<std::uint64_t> shape(2);
        range.read(0, std::as_writable_bytes(std::span(shape)));
        if (shape != sizes(tensor_.shape)) {
            throw InputError(at.file->path(), at.entry->name,
                             shapeText(sizes(tensor_.shape)) + ", which config.json implies",
                             shapeText(shape));
        }
        return range;
    }

    /// The groups of inputs, where the file lists them.
    void addGroups(IntegerTensor& parts, const char* part, std::size_t count) const {
        const Location at = find(part);
        if (at.entry == nullptr) {
            return;
        }
        requireShape(at, "I32", {tensor_.shape.columns});
        parts.others.push_back(at.file->range(*at.entry));
        parts.groups.resize(tensor_.shape.columns);
        parts.others.back().read(0, std::as_writable_bytes(std::span(parts.groups)));
        const auto wrong = std::find_if(parts.groups.begin(), parts.groups.end(),
                                        [&](std::uint32_t group) { return group >= count; });
        if (wrong != parts.groups.end()) {
            throw InputError(at.file->path(), at.entry->name, fmt::format("groups from 0 to {}", count - 1),
                             fmt::format("{}", static_cast<std::int32_t>(*wrong)));
        }
    }

    const ModelFiles& files_;
    const Quantization& quantization_;
    const TensorInfo& tensor_;
};

} // namespace

std::unique_ptr<const StoredTensor> locateQuantized(const ModelFiles& files, const Quantization& quantization,
                                                    const TensorInfo& tensor) {
    Locator locator(files, quantization, tensor);
    return quantization.kind == CheckpointKind::compressedTensors ? locator.compressedTensors()
                                                                  : locator.inputsFirst();
}

} // namespace planish
