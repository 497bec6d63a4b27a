// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "codec/grid.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace planish {

/// Vector loops that make weights of a row of level numbers, chosen for the running CPU: to the last bit what
/// the same expression gives one weight at a time.

/// Levels of a table, the unused ones 0.
using LevelTable = std::array<float, 16>;

/// The numbers of the levels of a row and the weights they make, columns in groups of `groupSize`.
struct IndexRow {
    const std::uint8_t* indices;
    float* out;
    std::size_t columns;
    std::size_t groupSize;
};

/// offset + scale · (index + first) with the parameters of the weight's group.
void uniformValues(std::span<const GroupParameters> parameters, float first, const IndexRow& row);
/// offset + scale · levels[index]; indices are below 16.
void tableValues(std::span<const GroupParameters> parameters, const LevelTable& levels, const IndexRow& row);
/// tables[group][index]; indices are below 16.
void lookUpValues(std::span<const LevelTable> tables, const IndexRow& row);

/// fromFp16() of numbers that start anywhere: out.size() of them.
void floatsFromFp16(std::span<const std::byte> in, std::span<float> out);

/// Sets the columns whose bits are set, column 0 in the lowest bit of the first byte, to 0.
void clearColumns(std::span<const std::byte> bits, std::span<float> row);

} // namespace planish
