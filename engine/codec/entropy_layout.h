// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "codec/codec.h"
#include "codec/symbol_table.h"

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace planish {

/// With the largest coded number, a finite weight.
constexpr float largestEntropyStep = 0x1p120F;

/// Columns that share a step and a table of frequencies.
struct EntropyClass {
    float step = 0; ///< decoded weights are whole multiples of it
    SymbolTable table;
};

/// A number too large to be coded: it stands beside the others, in whose place is a 0.
struct EntropyEscape {
    std::uint32_t place = 0; ///< row · columns + column; rising
    std::int32_t number = 0;
};

/// The content of a tensor of entropy-coded whole numbers.
///
/// Bytes, little-endian: number of classes (1…16), uint8; for each its step, fp32, and its table (see
/// symbol_table.h); the class of each column, a bit stream (see bit_stream.h) of as many bits as the largest
/// needs, nothing for one class; number of escapes, uint32, and for each its place, uint32, and number,
/// int32; sizes of the blocks of rows, uint32 each; the blocks (see rans.h), each of entropyBlockRows() rows,
/// the last maybe fewer; zeros up to the size of the tensor.
struct EntropyTensor {
    static constexpr std::size_t mostClasses = 16;

    std::vector<EntropyClass> classes;
    std::vector<std::uint8_t> classOf; ///< of each column
    std::vector<EntropyEscape> escapes;
    std::vector<std::vector<std::byte>> blocks;

    std::vector<std::byte> write() const;
};

/// Rows of a block: enough weights to make the states of its coders cheap, and a power of two up to 128.
std::size_t entropyBlockRows(std::size_t columns);

/// What must be known to decode rows of a tensor. Throws InputError for bytes that are no tensor of this
/// shape.
struct EntropyView {
    EntropyView(std::span<const std::byte> bytes, Shape shape);

    std::vector<SymbolTable> tables;
    std::vector<std::uint32_t> classOf; ///< of each column
    std::vector<float> steps;           ///< of each column
    std::span<const std::byte> escapes; ///< the list as it is stored, unchecked but for its size
    std::vector<std::span<const std::byte>> blocks;
};

} // namespace planish
