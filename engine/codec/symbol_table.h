// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace planish {

/// How often whole numbers from −127 to 127 occur, as an entropy coder sees it: out of 2^14, and as often as
/// their negatives. Others do not occur.
class SymbolTable {
  public:
    static constexpr int precision = 14;
    static constexpr std::uint32_t total = 1U << precision;
    static constexpr int mostMagnitude = 127;

    /// The table that codes these numbers in the fewest bits: counts[i] of magnitude i, up to 127. Each that
    /// occurs keeps a frequency of 1 at least.
    explicit SymbolTable(std::span<const std::uint64_t> counts);
    /// The table of write(), from a position of `bytes` that moves behind it. Throws InputError for bytes
    /// that are no table.
    SymbolTable(std::span<const std::byte> bytes, std::size_t& at);

    std::uint32_t frequency(int number) const { return frequencies_[magnitude(number)]; }
    /// Sum of the frequencies of all lower numbers.
    std::uint32_t start(int number) const { return starts_[static_cast<std::uint8_t>(number)]; }

    /// Bytes: the largest magnitude; for each magnitude from 1 on the frequency, its length in 4 bits and
    /// then its bits below the highest, a little-endian bit stream padded to a whole byte. The frequency of 0
    /// is what is left.
    std::vector<std::byte> write() const;

  private:
    static std::size_t magnitude(int number) {
        return static_cast<std::size_t>(number < 0 ? -number : number);
    }
    void findStarts();

    int largest_ = 0;
    std::array<std::uint32_t, mostMagnitude + 1> frequencies_{};
    std::array<std::uint32_t, 256> starts_{}; ///< by the number's low byte
};

} // namespace planish
