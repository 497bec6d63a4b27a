// SPDX-License-Identifier: GPL-3.0-or-later
#include "codec/codec_table.h"

#include <array>

namespace planish {

std::string_view calibrationUseName(CalibrationUse use) {
    constexpr std::array<std::string_view, 3> names{"none", "optional", "required"};
    return names[static_cast<std::size_t>(use)];
}

std::span<const CodecMember> codecMembers() {
    static const std::vector<CodecMember> members = [] {
        std::vector<CodecMember> all;
        for (const FormatEntry& entry : formatEntries()) {
            all.push_back(entry.member);
        }
        for (const StageEntry& entry : stageEntries()) {
            all.push_back(entry.member);
        }
        return all;
    }();
    return members;
}

std::span<const CodecAlias> codecAliases() {
    static const std::vector<CodecAlias> aliases{
        {"int4_opt_v1", "int4:g16+refine", "4 bit, groups of 16, refined scales: 6 bits a weight."},
        {"int4_g8_fp16_v1", "int4:g8", "4 bit, groups of 8: 8 bits a weight."},
        {"int4_g16_fp16_v1", "int4:g16", "4 bit, groups of 16: 6 bits a weight."},
        {"int4_g32_fp16_v1", "int4:g32", "4 bit, groups of 32: 5 bits a weight."},
    };
    return aliases;
}

std::vector<std::string> suggestedCodecs() {
    return {"fp32",
            "bf16",
            "int8:g128",
            "int4:g8",
            "int6:g64+mse",
            "int4:g16+refine",
            "int5:g64+mse",
            "int4:g32+mse",
            "int4:g32:scale=int6+mse",
            "int4:g64+mse",
            "int4:g128+mse",
            "nf4:g64",
            "int3:g64+mse",
            "int3:g128+rht+mse",
            "nf3:g64",
            "int2:g64+mse"};
}

} // namespace planish
