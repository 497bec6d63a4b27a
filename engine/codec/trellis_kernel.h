// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "codec/trellis_code.h"

#include <cstddef>
#include <cstdint>
#include <span>

namespace planish {

/// Vector loops of trellis codes, chosen for the running CPU: whole numbers only, the same on every one.

/// How often a distance is doubled before it is squared, so that the mean cost of a step is 10 to 170 where
/// weights have up to so many bits.
int trellisDoublings(int mostBits);

/// What a state with value `value` costs where `target` is wanted: its squared distance, in units that let
/// sums of 16 bits choose paths; it saturates far away.
std::uint16_t trellisCost(int doublings, std::int16_t target, std::int16_t value);

/// The least costs of paths through a trellis. Paths that agree in all but the first K bits of a state, K
/// those of the next symbol, go on alike: only the best of those is kept.
struct TrellisSweep {
    std::span<const TrellisCode* const> codes; ///< of each target; all of as many states
    std::span<const std::int16_t> targets;
    int doublings;
    std::int32_t start;  ///< the last L − K bits before the first symbol; negative: any
    std::size_t endings; ///< at least 2^(L−K) for the least K
    /// [targets, endings]: the least cost of paths up to before a target whose last L − K bits are these,
    /// above the least of all of them one target before; aligned for vectors.
    std::uint16_t* before;
    std::uint16_t* costs; ///< [2^L]: of paths that end in each state, at the end; aligned for vectors
};
void sweepTrellis(const TrellisSweep& sweep);

/// One row of weights from the symbols of the row: states move on, out = value · scale.
struct TrellisRow {
    const TrellisCode& code;
    const float* values; ///< of the code, as floats
    const std::uint8_t* symbols;
    std::uint32_t* states;
    std::size_t columns;
    float scale;
};
void decodeTrellisRow(const TrellisRow& row, float* out);
/// States move on only.
void passTrellisRow(const TrellisRow& row);

} // namespace planish
