// SPDX-License-Identifier: GPL-3.0-or-later
#include "codec/scale_type.h"

#include <algorithm>
#include <array>
#include <cstddef>

namespace planish {
namespace {

constexpr std::array<std::string_view, 4> names{"fp16", "bf16", "int8", "int6"};

} // namespace

std::string_view scaleTypeName(ScaleType type) {
    return names[static_cast<std::size_t>(type)];
}

std::optional<ScaleType> scaleTypeFromName(std::string_view name) {
    const auto* found = std::find(names.begin(), names.end(), name);
    if (found == names.end()) {
        return std::nullopt;
    }
    return static_cast<ScaleType>(found - names.begin());
}

} // namespace planish
