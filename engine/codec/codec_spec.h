// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "codec/scale_type.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace planish {

struct FormatEntry;
struct StageEntry;
struct CodecSpec;

/// A format with its options, as the codec string says it, defaults filled in.
struct FormatSpec {
    const FormatEntry* entry = nullptr; ///< in formatEntries()
    int bits = 0;                       ///< the number after the family's name, 0 for those without
    bool symmetric = false;
    std::size_t groupSize = 0; ///< columns a group, 0 for a group a row
    ScaleType scaleType = ScaleType::fp16;
};

/// A stage with its argument.
struct StageSpec {
    const StageEntry* entry = nullptr;      ///< in stageEntries()
    std::uint32_t partsPerMillion = 0;      ///< of a percentage: 1 % is 10000
    std::shared_ptr<const CodecSpec> codec; ///< of a nested codec
};

/// A parsed codec string. `stages` are in the order of stageEntries(), the order they are applied and
/// printed in.
struct CodecSpec {
    FormatSpec format;
    std::vector<StageSpec> stages;
};

} // namespace planish
