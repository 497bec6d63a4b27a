// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>

namespace planish {

/// A well mixed 64-bit number for each state: the SplitMix64 output function (Steele, Lea, Flood 2014). The
/// same on every machine, unlike the standard library's distributions.
constexpr std::uint64_t splitMix(std::uint64_t state) {
    std::uint64_t z = (state + 1) * 0x9e3779b97f4a7c15U;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
    return z ^ (z >> 31);
}

} // namespace planish
