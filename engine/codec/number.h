// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <Eigen/Core>

#include <algorithm>
#include <bit>
#include <cstdint>

namespace planish {

/// fp16 and bf16 numbers as their 16 bits. Conversion to them rounds to nearest, ties to even, and saturates
/// at the largest finite value, so that a finite weight is never stored as infinite.

constexpr float largestFp16 = 65504.0F;
constexpr float largestBf16 = 0x1.fep127F;

inline std::uint16_t toFp16(float value) {
    const Eigen::half half(std::clamp(value, -largestFp16, largestFp16));
    return Eigen::numext::bit_cast<std::uint16_t>(half);
}

inline float fromFp16(std::uint16_t bits) {
    // Scaling by 2^112 moves the exponent bias of fp16 to that of fp32, exactly and for subnormals too.
    const std::uint32_t magnitude = static_cast<std::uint32_t>(bits & 0x7fffU) << 13;
    const bool special = magnitude >= 0x0f800000U;
    const float scaled = std::bit_cast<float>(magnitude) * 0x1p112F;
    const std::uint32_t value = special ? magnitude | 0x7f800000U : std::bit_cast<std::uint32_t>(scaled);
    return std::bit_cast<float>(value | static_cast<std::uint32_t>(bits & 0x8000U) << 16);
}

inline std::uint16_t toBf16(float value) {
    const auto bits = std::bit_cast<std::uint32_t>(std::clamp(value, -largestBf16, largestBf16));
    return static_cast<std::uint16_t>((bits + 0x7fffU + ((bits >> 16) & 1U)) >> 16);
}

inline float fromBf16(std::uint16_t bits) {
    return std::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16);
}

} // namespace planish
