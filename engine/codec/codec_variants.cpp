// SPDX-License-Identifier: GPL-3.0-or-later
// Codecs that differ from one in some of its stages.
#include "codec/codec.h"
#include "codec/codec_string.h"
#include "codec/codec_table.h"

namespace planish {

std::optional<Codec> Codec::withNearestRounding() const {
    CodecSpec spec = parseCodecString(name());
    const auto removed = std::erase_if(
        spec.stages, [](const StageSpec& stage) { return stage.entry->member.choice == Choice::rounding; });
    return removed == 0 ? std::nullopt : std::optional(parse(printCodecString(spec)));
}

Codec Codec::withoutTraining() const {
    CodecSpec spec = parseCodecString(name());
    std::erase_if(spec.stages, [](const StageSpec& stage) { return demandsOf(stage).training(); });
    return parse(printCodecString(spec));
}

Codec Codec::withOwnScales() const {
    CodecSpec spec = parseCodecString(name());
    for (StageSpec& stage : spec.stages) {
        if (demandsOf(stage).scaledInputs) {
            stage.options.clear();
        }
    }
    return parse(printCodecString(spec));
}

} // namespace planish
