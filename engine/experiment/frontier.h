// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "experiment/run.h"

#include <cstddef>
#include <span>
#include <vector>

namespace planish {

/// A point of a two-objective plane; `size` and `loss` are both better when smaller.
struct FrontierPoint {
    double size = 0; ///< bits per weight, bytes
    double loss = 0; ///< ΔPPL %, PPL, KLD
};

/// Indices of the Pareto-optimal points in order of increasing size: those for which no other point is at
/// most as large in both and smaller in one. Of equal points the first counts. Points with NaN never belong.
/// O(n log n).
std::vector<std::size_t> paretoFront(std::span<const FrontierPoint> points);

/// For every run whether it is on the frontier of (bits per weight, ΔPPL) among the runs it can be compared
/// with: the same model, text and evaluation settings.
std::vector<bool> onFrontier(std::span<const RunRecord> runs);

} // namespace planish
