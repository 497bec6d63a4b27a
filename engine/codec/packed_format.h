// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "codec/codec.h"

#include <cstdint>
#include <optional>
#include <vector>

namespace planish {

/// The codec of the format alone, such as Q4_K of Q4_K+gptq, when a tensor's packed bytes are nothing but
/// that format's: how values were chosen does not matter to who reads them. Empty for codecs with transforms
/// of their own or with corrections.
std::optional<Codec> formatAlone(const Codec& codec);

/// A tensor of whole-number levels (intB) taken apart: weight = scale · (level − zero) + offset of its group.
struct IntegerLevels {
    int bits = 0;
    bool symmetric = false;    ///< zero is 2^(B−1) and there are no offsets; else zero is 0
    std::size_t groupSize = 0; ///< columns; the whole row when groups are rows
    std::size_t groups = 0;    ///< of a row
    Shape shape;
    std::vector<std::uint8_t> levels; ///< [rows, columns], from 0
    std::vector<float> scales;        ///< [rows, groups]
    std::vector<float> offsets;       ///< [rows, groups]; empty when symmetric

    int zero() const { return symmetric ? 1 << (bits - 1) : 0; }
};

/// What of that is known before packing; empty for every other codec.
struct IntegerShape {
    int bits = 0;
    bool symmetric = false;
    std::size_t groupSize = 0; ///< 0: the whole row
};
std::optional<IntegerShape> integerShape(const Codec& codec);

/// Throws Error for other codecs.
IntegerLevels integerLevels(const Codec& codec, const PackedTensor& packed);

} // namespace planish
