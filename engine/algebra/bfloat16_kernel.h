// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>

/// Products of bfloat16 pairs on CPUs that have AVX512-BF16. Two neighbouring inputs make a word of 32 bits,
/// the first in its lower half; an odd last input is paired with zero.
namespace planish::bfloat16 {

/// Columns of a panel: two vectors of 16 sums.
inline constexpr std::size_t panelWidth = 32;

constexpr std::size_t pairs(std::size_t inputs) {
    return (inputs + 1) / 2;
}

/// Whether the running CPU has the instructions; nothing below may be called otherwise.
bool available();

/// words [pairs(inputs)] of one row, rounded to nearest even.
void convertRow(const float* row, std::size_t inputs, std::uint32_t* words);
/// words [count]: the halves are the elements of two rows, `second` null for a row of zeros.
void convertPair(const float* first, const float* second, std::size_t count, std::uint32_t* words);

/// One block of the inputs of some rows times one panel.
struct Job {
    const std::uint32_t* a;     ///< [rows, pairs], rows `aStride` words apart
    std::size_t aStride;        ///< words
    const std::uint32_t* panel; ///< [pairs, panelWidth]
    std::size_t pairs;
    float* out; ///< [rows, columns]
    std::size_t outStride;
    std::size_t columns; ///< of the panel that exist
    bool accumulate;     ///< added to out, else out is overwritten
};
void multiplyPanel(const Job& job, std::size_t rows);

} // namespace planish::bfloat16
