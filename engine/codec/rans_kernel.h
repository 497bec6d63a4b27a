// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace planish {

/// What the coders of a row need to know (see rans.h).
struct RansRow {
    const std::uint8_t* numbers;
    const std::uint32_t* ranges;
    const std::uint32_t* classes;
    const float* factors;
    std::size_t columns;
};

/// How far the vector loop got.
struct RansProgress {
    std::size_t columns = 0; ///< a multiple of 8
    std::size_t words = 0;
};

/// Decodes whole groups of 8 columns, chosen for the running CPU, as long as words for all of them are there.
RansProgress ransRow(const RansRow& row, std::array<std::uint32_t, 8>& states,
                     std::span<const std::byte> words, float* out);

} // namespace planish
