// SPDX-License-Identifier: GPL-3.0-or-later
#include "codec/grid_format.h"

namespace planish {

std::shared_ptr<const GridFormat> makeIntegerFormat(int bits, bool symmetric, std::size_t groupSize,
                                                    ScaleType scaleType) {
    if (symmetric) {
        // Half a step beyond the shorter side is still within half a step of its last level.
        return makePlainGridFormat(
            {.grid = Grid::uniform(bits, -(1 << (bits - 1))), .signedScale = true, .overhang = 0.5F},
            groupSize, scaleType);
    }
    return makePlainGridFormat({.grid = Grid::uniform(bits, 0), .hasOffset = true}, groupSize, scaleType);
}

std::shared_ptr<const GridFormat> makeZeroPointFormat(int bits, std::size_t groupSize, ScaleType scaleType) {
    return makePlainGridFormat({.grid = Grid::uniform(bits, 0), .hasOffset = true, .zeroPoints = true},
                               groupSize, scaleType);
}

} // namespace planish
