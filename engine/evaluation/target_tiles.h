// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "evaluation/windows.h"
#include "inference/hidden_states.h"

#include <vector>

namespace planish {

/// A run of targets of one window, small enough that its logits stay in the cache.
struct TargetTile {
    std::size_t window;
    std::size_t firstTarget;
    std::size_t count;
};

/// All targets of some windows, at most `rowsPerTile` together.
std::vector<TargetTile> targetTiles(const WindowPlan& plan, std::size_t firstWindow, std::size_t windows,
                                    std::size_t rowsPerTile);

/// Rows whose logits predict the tile's targets: each target is predicted at the position before it. `states`
/// begin with window `firstWindow`.
inline auto predictingRows(const HiddenStates& states, std::size_t firstWindow, const TargetTile& tile) {
    return states.values.middleRows(
        static_cast<Eigen::Index>((tile.window - firstWindow) * states.context + tile.firstTarget - 1),
        static_cast<Eigen::Index>(tile.count));
}

} // namespace planish
