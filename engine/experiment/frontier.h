// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "experiment/run.h"

#include <cstddef>
#include <optional>
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

/// The point of a front (in order of increasing size) where a little more size stops to buy much: the
/// farthest below the line between its ends, both axes taken over the front's extent, the loss logarithmic
/// where all are positive (Das 1999; Satopaa et al. 2011). Nothing for fewer than three points or none below
/// the line.
std::optional<std::size_t> kneeOf(std::span<const FrontierPoint> front);

/// The share of the box from the origin to the largest size and loss among `points` that their front
/// dominates, between 0 and 1: grows with every point that improves the front (Zitzler, Thiele 1999). Losses
/// below 0 count as 0; 0 without two different points.
double hypervolume(std::span<const FrontierPoint> points);

/// For every run whether it is on the frontier of (bits per weight, ΔPPL) among the runs it can be compared
/// with: the same model, text and evaluation settings.
std::vector<bool> onFrontier(std::span<const RunRecord> runs);

} // namespace planish
