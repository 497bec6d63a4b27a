// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "codec/grid.h"

#include <cstddef>
#include <cstdint>
#include <span>

namespace planish {

/// Vector loops that store a row of weights on a grid of whole levels, chosen for the running CPU: to the
/// last bit what the same expressions give one group and one weight at a time. Columns are in groups of
/// `groupSize`.

/// Least and greatest weight of every group; which of two zeros is open.
void rangesOf(std::span<const float> row, std::size_t groupSize, std::span<float> lows,
              std::span<float> highs);

/// For every group the greatest fp16 offset that is not above its low, and the least fp16 scale with which
/// offset + scale · last is not below its high; beyond the range of fp16 its ends.
void coverRanges(std::span<const float> lows, std::span<const float> highs, double last,
                 std::span<GroupParameters> parameters);

/// Grid::nearest() of every weight for the levels first, first + 1, … first + highest.
void nearestWhole(std::span<const GroupParameters> parameters, std::size_t groupSize, float first,
                  float highest, std::span<const float> weights, std::uint8_t* indices);

/// Whether none is NaN or infinite.
bool allFinite(std::span<const float> numbers);

/// toFp16() of numbers that fp16 can hold.
void fp16FromExact(std::span<const float> numbers, std::span<std::byte> out);

} // namespace planish
