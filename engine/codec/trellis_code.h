// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <hwy/aligned_allocator.h>

#include <cstddef>
#include <cstdint>
#include <vector>

namespace planish {

/// A bit-shift trellis code: a path is a number of K bits (a symbol) a weight; the state of a weight is the
/// last L bits of the path up to and with its symbol, and its value a function of the state. So a path of K
/// bits a weight chooses among 2^L values, and most of what vector quantization can gain over scalar levels
/// is gained. Tseng, Sun, Hou, De Sa: QTIP, 2024, section 3.
///
/// The function is computed, never stored, and the same on every machine. A state is q·2^K + c with c the
/// last symbol. The values of the 2^K states with the same q share an offset and lie one in each of 2^K
/// equally likely parts of the normal distribution, as the subsets of classic trellis-coded quantization do:
/// with n = 2^(L−K) and r(c) = (c + ⌊0xC2B2AE35·q ÷ 2^(32−K)⌋) mod 2^K,
///     value = z + t z³,  z = Φ⁻¹((r·n + ⌊0x9E3779B1·q ÷ 2^(32−L+K)⌋ + ½) ÷ 2^L),
/// products of 32 bits, t = 0.012 (0 for K = 2), rounded to whole units of 1/6144. Values without that order
/// (random or sums of bytes) lose 5 to 12 % more on normal weights.
class TrellisCode {
  public:
    static constexpr int fewestStateBits = 8;
    static constexpr int mostStateBits = 16;
    /// Values are whole multiples of 1/unit, at most 32767 of them; their variance is about 1.
    static constexpr float unit = 6144;

    /// The code of 8…16 state bits and 2…5 bits a weight; computed once and kept. Thread-safe.
    static const TrellisCode& of(int stateBits, int bits);

    TrellisCode(int stateBits, int bits); ///< prefer of()

    int stateBits() const { return stateBits_; }
    int bits() const { return bits_; }
    std::size_t states() const { return std::size_t{1} << stateBits_; }
    /// The value of each state, in units; aligned for vectors.
    const std::int16_t* values() const { return values_.get(); }
    const float* floats() const { return floats_.data(); } ///< the same as floats

  private:
    int stateBits_;
    int bits_;
    hwy::AlignedFreeUniquePtr<std::int16_t[]> values_;
    std::vector<float> floats_;
};

/// The nearest whole number of units, within what values can be.
std::int16_t toTrellisUnits(float value);

} // namespace planish
