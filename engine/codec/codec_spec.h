// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "codec/scale_type.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace planish {

struct FormatEntry;
struct StageEntry;
struct CodecSpec;

/// A format with its options, as the codec string says it, defaults filled in.
struct FormatSpec {
    const FormatEntry* entry = nullptr; ///< in formatEntries()
    int bits = 0;                       ///< the number after the family's name, 0 for those without
    int hundredths = 0;                 ///< of a bit beyond `bits`, for formats with fractional rates
    bool symmetric = false;
    std::size_t groupSize = 0; ///< columns a group, 0 for a group a row
    ScaleType scaleType = ScaleType::fp16;
    std::vector<std::uint32_t> numbers{}; ///< one for each of the entry's number options

    int rate() const { return 100 * bits + hundredths; } ///< hundredths of a bit a weight
};

/// A stage with its argument.
struct StageSpec {
    const StageEntry* entry = nullptr;      ///< in stageEntries()
    std::uint32_t number = 0;               ///< the argument; parts per million of a percentage
    std::vector<std::string> options;       ///< in the order of the entry's lists
    std::shared_ptr<const CodecSpec> codec; ///< of a nested codec

    bool has(std::string_view option) const {
        return std::find(options.begin(), options.end(), option) != options.end();
    }
};

/// A parsed codec string. `stages` are in the order of stageEntries(), the order they are applied and
/// printed in.
struct CodecSpec {
    FormatSpec format;
    std::vector<StageSpec> stages;
};

} // namespace planish
