// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <span>

namespace planish {

/// The Walsh-Hadamard transform of every block of a row, times `factors`, one a column. Every number is the
/// same tree of sums, a stage of butterflies for each bit of the place, whatever the CPU. `block` is a power
/// of two and divides the length of the row. `room` is for another row, aligned as hwy::AllocateAligned does
/// it.
void hadamard(std::span<float> row, std::size_t block, std::span<const float> factors, float* room);

/// The most rows that are transformed together.
constexpr std::size_t mostRowsDown = 128;

/// Some rows of a matrix and how far apart they begin.
struct RowBlock {
    float* first;
    std::size_t rows; ///< a power of two, up to mostRowsDown
    std::size_t columns;
    std::size_t stride;
};
/// Every column of the block by `before`, transformed, by `after`; both one a row.
void hadamardDown(const RowBlock& block, std::span<const float> before, std::span<const float> after);

} // namespace planish
