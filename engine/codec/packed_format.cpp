// SPDX-License-Identifier: GPL-3.0-or-later
#include "codec/packed_format.h"

#include "codec/codec_string.h"
#include "codec/codec_table.h"
#include "codec/plain_layout.h"
#include "support/error.h"

#include <fmt/format.h>

#include <variant>

namespace planish {
namespace {

/// Whether a stage leaves something in the packed bytes.
bool isStored(const StageSpec& stage) {
    if (std::holds_alternative<MakeRounding>(stage.entry->make)) {
        return false;
    }
    // Scales that a norm has taken up are a transform that makes nothing.
    const auto* transform = std::get_if<MakeTransform>(&stage.entry->make);
    return transform == nullptr || (*transform)(stage) != nullptr;
}

std::optional<CodecSpec> formatSpec(const Codec& codec) {
    CodecSpec spec = parseCodecString(codec.name());
    for (const StageSpec& stage : spec.stages) {
        if (isStored(stage)) {
            return {};
        }
    }
    spec.stages.clear();
    return spec;
}

} // namespace

std::optional<Codec> formatAlone(const Codec& codec) {
    const auto spec = formatSpec(codec);
    return spec ? std::optional(Codec::parse(printCodecString(*spec))) : std::nullopt;
}

std::optional<IntegerShape> integerShape(const Codec& codec) {
    const auto spec = formatSpec(codec);
    if (!spec || spec->format.entry->family != "int") {
        return {};
    }
    return IntegerShape{spec->format.bits, spec->format.symmetric, spec->format.groupSize};
}

IntegerLevels integerLevels(const Codec& codec, const PackedTensor& packed) {
    const auto known = integerShape(codec);
    if (!known) {
        throw Error(fmt::format("{} does not store whole-number levels alone", codec.name()));
    }
    const FormatSpec format = formatSpec(codec)->format;
    const auto layout = makePlainLayout(known->bits, format.scaleType,
                                        known->symmetric ? ParameterKind::signedScale : ParameterKind::scale,
                                        !known->symmetric);
    const Shape shape = packed.shape;
    IntegerLevels result{known->bits,
                         known->symmetric,
                         known->groupSize == 0 ? shape.columns : known->groupSize,
                         0,
                         shape,
                         std::vector<std::uint8_t>(shape.count()),
                         {},
                         {}};
    result.groups = (shape.columns + result.groupSize - 1) / result.groupSize;
    const std::size_t rowBytes = layout->bytes({shape.columns, result.groups});
    std::vector<GroupParameters> parameters(result.groups);
    for (std::size_t row = 0; row < shape.rows; ++row) {
        layout->read(std::span(packed.bytes).subspan(row * rowBytes, rowBytes), parameters,
                     std::span(result.levels).subspan(row * shape.columns, shape.columns));
        for (const GroupParameters& group : parameters) {
            result.scales.push_back(group.scale);
            if (!known->symmetric) {
                result.offsets.push_back(group.offset);
            }
        }
    }
    return result;
}

} // namespace planish
