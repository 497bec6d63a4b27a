// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "codec/codec.h"
#include "codec/scale_type.h"

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace planish {

/// The choices of an intB:sym or uintB codec whose packed bytes are nothing but the format's (see
/// formatAlone): a weight is scale × (level − zero point).
struct IntegerCodec {
    int bits = 0;
    bool symmetric = false;    ///< all zero points are 2^(B−1)
    std::size_t groupSize = 0; ///< 0: a group a row
    ScaleType scaleType = ScaleType::fp16;

    std::size_t groups(std::size_t columns) const;
    bool operator==(const IntegerCodec&) const = default;
};
/// Empty for other codecs.
std::optional<IntegerCodec> integerCodec(const Codec& codec);

/// What a tensor of one holds.
struct IntegerRows {
    std::vector<std::uint8_t> levels;     ///< [rows, columns]
    std::vector<std::uint16_t> scales;    ///< [rows, groups]: bits of fp16 or bf16 numbers of either sign
    std::vector<std::uint8_t> zeroPoints; ///< [rows, groups]
};
/// `packed` is of a codec with scales in fp16 or bf16; throws Error when it is of another size.
IntegerRows integerRows(const IntegerCodec& codec, std::span<const std::byte> packed, Shape shape);

} // namespace planish
