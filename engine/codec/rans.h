// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "codec/symbol_table.h"

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace planish {

/// Entropy coding by asymmetric numeral systems: 8 coders take the numbers of a row in turns and share one
/// stream of 16-bit words, so that vectors decode 8 numbers at once. Duda: Asymmetric numeral systems, 2013;
/// Giesen: Interleaved entropy coders, 2014.
///
/// Layout of a block of rows, little-endian: the states of the coders after the last number that was coded
/// (the first to be decoded), 32 bits each; then the words in the order decoding takes them. Column c of each
/// row is for coder c mod 8. Numbers are coded from the last to the first, from states of 2^16; before a
/// coder codes a number of frequency f in state x, it writes the low word of x if x ≥ f · 2^18; then
/// x = ⌊x ÷ f⌋ · 2^14 + x mod f + start.
constexpr std::size_t ransLanes = 8;

/// Numbers [rows, columns] and what codes the numbers of each column.
struct RansBlock {
    std::span<const std::int8_t> numbers;
    std::span<const std::uint8_t> classes; ///< of each column: an index of `tables`
    std::span<const SymbolTable> tables;
};
std::vector<std::byte> ransEncode(const RansBlock& block);

/// The tables of all classes as decoding looks things up.
class RansTables {
  public:
    explicit RansTables(std::span<const SymbolTable> tables);

    /// The number at a place below 2^14 of a class: [class · 2^14 + place], readable 3 beyond the end.
    const std::uint8_t* numbers() const { return numbers_.data(); }
    /// [class · 256 + low byte of number]: frequency, and start above 16 bits.
    const std::uint32_t* ranges() const { return ranges_.data(); }

  private:
    std::vector<std::uint8_t> numbers_;
    std::vector<std::uint32_t> ranges_;
};

/// Decodes the rows of a block one after the other.
class RansDecoder {
  public:
    /// `classes` and `factors` are of each column. Throws InputError when the block is too short for its
    /// states.
    RansDecoder(const RansTables& tables, std::span<const std::uint32_t> classes,
                std::span<const float> factors, std::span<const std::byte> block);

    /// The next row: numbers times factors. Throws InputError when the words do not suffice.
    void row(std::span<float> out);
    /// Whether all words are used up and the states are those coding began with.
    bool finished() const;

  private:
    void one(std::size_t column, float& out);

    const RansTables& tables_;
    std::span<const std::uint32_t> classes_;
    std::span<const float> factors_;
    std::array<std::uint32_t, ransLanes> states_{};
    std::span<const std::byte> words_;
};

} // namespace planish
