// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace planish {

/// Rows of small whole numbers as a little-endian bit stream: number i occupies bits [i·B, (i+1)·B) of the
/// row, counted from the lowest bit of its first byte. Every row starts on a byte; unused bits are 0.

/// Bytes of one row: ⌈columns·bits / 8⌉. Throws Error on overflow.
std::size_t bitStreamBytes(std::size_t columns, int bits);

/// Packs `levels`, each below 2^bits, into `out` of bitStreamBytes(levels.size(), bits). `bits` is 2…8.
void packBits(std::span<const std::uint8_t> levels, int bits, std::span<std::byte> out);

/// The reverse; any content of `in` is valid.
void unpackBits(std::span<const std::byte> in, int bits, std::span<std::uint8_t> levels);

/// The same for numbers of 1…16 bits.
void packBits(std::span<const std::uint16_t> numbers, int bits, std::span<std::byte> out);
void unpackBits(std::span<const std::byte> in, int bits, std::span<std::uint16_t> numbers);

} // namespace planish
