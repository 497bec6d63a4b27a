// SPDX-License-Identifier: GPL-3.0-or-later
#include "codec/codec_string.h"
#include "codec/codec_table.h"

#include <fmt/format.h>

namespace planish {
namespace {

constexpr std::uint32_t onePercent = 10000;

/// Without the zeros at the end of a decimal number.
std::string trimmed(std::string text) {
    text.erase(text.find_last_not_of('0') + 1);
    return text.back() == '.' ? text.substr(0, text.size() - 1) : text;
}

std::string printPercentage(std::uint32_t partsPerMillion) {
    return trimmed(fmt::format("{}.{:04}", partsPerMillion / onePercent, partsPerMillion % onePercent));
}

std::string printFormat(const FormatSpec& spec) {
    std::string text = spec.entry->family;
    text += printRate(spec.rate());
    if (spec.symmetric) {
        text += ":sym";
    }
    if (spec.entry->hasGroups) {
        text += spec.groupSize == 0 ? ":row" : fmt::format(":g{}", spec.groupSize);
    }
    if (spec.scaleType != ScaleType::fp16) {
        text += fmt::format(":scale={}", scaleTypeName(spec.scaleType));
    }
    for (std::size_t i = 0; i < spec.numbers.size(); ++i) {
        text += ":" + spec.entry->numberOptions[i].word(spec.numbers[i]);
    }
    return text;
}

} // namespace

std::string printRate(int rate) {
    return rate == 0 ? std::string() : trimmed(fmt::format("{}.{:02}", rate / 100, rate % 100));
}

std::string printCodecString(const CodecSpec& spec) {
    std::string text = printFormat(spec.format);
    for (const StageSpec& stage : spec.stages) {
        text += "+" + stage.entry->word;
        if (stage.entry->argument == StageArgument::percent) {
            text += fmt::format("={}%", printPercentage(stage.number));
        } else if (stage.entry->argument == StageArgument::number) {
            text += fmt::format("={}", stage.number);
        } else if (stage.codec) {
            const std::string nested = printCodecString(*stage.codec);
            text += stage.codec->stages.empty() ? "=" + nested : fmt::format("=({})", nested);
        }
        for (const std::string& option : stage.options) {
            text += ":" + option;
        }
    }
    return text;
}

} // namespace planish
