// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "codec/gguf_layout.h"

#include <cstddef>
#include <cstdint>
#include <span>

namespace planish {

/// Vector loops over packed whole numbers, chosen for the running CPU. They do as much as whole vectors
/// allow; what is left is their callers'.

/// Packs numbers of 2…7 bits into a bit stream (see bit_stream.h) and returns how many: a multiple of 16, all
/// but those of the last vectors. Bytes of `out` that later numbers fill may be written too.
std::size_t packVectors(std::span<const std::uint8_t> numbers, int bits, std::span<std::byte> out);

/// Unpacks numbers of 2…7 bits from a bit stream and returns how many: a multiple of 16, all but the last few
/// of `count`.
std::size_t unpackVectors(std::span<const std::byte> in, int bits, std::uint8_t* numbers, std::size_t count);

/// Blocks one after the other and the numbers in them.
struct PackedBlocks {
    const std::byte* in;
    std::size_t count;
    std::size_t bytesEach;
    std::size_t numbersEach;
    std::uint8_t* numbers;
};

/// Whether readPlaneVectors() can read the plane.
bool hasPlaneVectors(const BitPlane& plane);
/// Reads the numbers of all blocks from all planes.
void readPlaneVectors(std::span<const BitPlane> planes, const PackedBlocks& blocks);

} // namespace planish
