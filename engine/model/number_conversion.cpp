// SPDX-License-Identifier: GPL-3.0-or-later
#include "model/number_conversion.h"

#include <bit>
#include <cstdint>
#include <cstring>

namespace planish {
namespace {

static_assert(std::endian::native == std::endian::little, "model files are little-endian");

// Branch-free bodies, so that the compiler vectorizes the loops for the baseline instruction set.

float fromBf16(std::uint16_t stored) {
    return std::bit_cast<float>(static_cast<std::uint32_t>(stored) << 16);
}

float fromFp16(std::uint16_t stored) {
    constexpr std::uint32_t exponentMask = 0x7f800000;
    const std::uint32_t sign = static_cast<std::uint32_t>(stored & 0x8000U) << 16;
    const std::uint32_t shifted = static_cast<std::uint32_t>(stored & 0x7fffU) << 13;
    // Read as a float, `shifted` is too small by the difference of the exponent biases: 2^(127-15). The
    // product is exact, for fp16 denormals too.
    const auto finite = std::bit_cast<std::uint32_t>(std::bit_cast<float>(shifted) * 0x1p112F);
    const bool special = (stored & 0x7c00U) == 0x7c00U;
    return std::bit_cast<float>(sign | (special ? shifted | exponentMask : finite));
}

template <typename Convert>
void convertAll(std::span<const std::byte> stored, std::span<float> out, Convert convert) {
    const std::byte* source = stored.data();
    for (std::size_t i = 0; i < out.size(); ++i) {
        std::uint16_t number = 0;
        std::memcpy(&number, source + 2 * i, sizeof number);
        out[i] = convert(number);
    }
}

} // namespace

void convertToFloat(NumberType type, std::span<const std::byte> stored, std::span<float> out) {
    switch (type) {
    case NumberType::fp32:
        std::memcpy(out.data(), stored.data(), out.size_bytes());
        break;
    case NumberType::fp16:
        convertAll(stored, out, fromFp16);
        break;
    case NumberType::bf16:
        convertAll(stored, out, fromBf16);
        break;
    }
}

} // namespace planish
