// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace planish {

/// The `count` ≥ 1 levels, in rising order, that minimise Σ i·(w − nearest level)² over weights w of
/// importance i: k-means in one dimension, solved exactly. `importance` is not negative, one a weight; empty
/// means all the same. Weights of less than 10⁻⁹ of the largest importance count for nothing, unless all do.
/// With fewer distinct weights than levels, the last level repeats.
///
/// Clusters are runs of the sorted weights, whose squared error follows from prefix sums in double; the best
/// end of the last run but one never moves back as the end moves on, so that dynamic programming over run
/// ends halves its way through them: O(count · n log n) for n weights.
///
/// Grønlund, Larsen, Mathiasen, Nielsen, Schneider, Song: Fast exact k-means, k-medians and Bregman
/// divergence clustering in 1D, 2017.
std::vector<double> optimalLevels(std::span<const float> weights, std::span<const float> importance,
                                  std::size_t count);

} // namespace planish
