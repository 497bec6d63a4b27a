// SPDX-License-Identifier: GPL-3.0-or-later
#include "evaluation/target_tiles.h"

#include <algorithm>

namespace planish {

std::vector<TargetTile> targetTiles(const WindowPlan& plan, std::size_t firstWindow, std::size_t windows,
                                    std::size_t rowsPerTile) {
    std::vector<TargetTile> tiles;
    for (std::size_t window = firstWindow; window < firstWindow + windows; ++window) {
        for (std::size_t target = plan.firstTarget; target < plan.context; target += rowsPerTile) {
            tiles.push_back({window, target, std::min(rowsPerTile, plan.context - target)});
        }
    }
    return tiles;
}

} // namespace planish
