// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <Eigen/Core>

#include <algorithm>
#include <cstddef>

namespace planish {

/// A run of rows of one sequence: tile `index` of windows that are cut into equal tiles.
struct Tile {
    Eigen::Index window;
    Eigen::Index first; ///< row within the window
    Eigen::Index count;
};

inline std::size_t tilesPerWindow(std::size_t context, std::size_t tileSize) {
    return (context + tileSize - 1) / tileSize;
}

inline Tile tileAt(std::size_t index, std::size_t context, std::size_t tileSize) {
    const std::size_t tiles = tilesPerWindow(context, tileSize);
    const std::size_t first = index % tiles * tileSize;
    return {static_cast<Eigen::Index>(index / tiles), static_cast<Eigen::Index>(first),
            static_cast<Eigen::Index>(std::min(tileSize, context - first))};
}

} // namespace planish
