// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <optional>
#include <string_view>

namespace planish {

/// How the scales and offsets of groups are stored.
enum class ScaleType {
    fp16,
    bf16,
    int8, ///< 8-bit multiples of one fp16 unit a row
    int6, ///< 6-bit multiples of one fp16 unit for 8 groups
};

std::string_view scaleTypeName(ScaleType type);
std::optional<ScaleType> scaleTypeFromName(std::string_view name);

} // namespace planish
