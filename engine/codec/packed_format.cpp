// SPDX-License-Identifier: GPL-3.0-or-later
#include "codec/packed_format.h"

#include "codec/codec_string.h"
#include "codec/codec_table.h"

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

} // namespace planish
