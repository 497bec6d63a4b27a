// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "models/comparison_groups.h"
#include "plots/frontier_axes.h"

#include <QString>
#include <span>
#include <vector>

namespace planish {

/// The kind of codec that stores the decoder weights: "integer", "NormalFloat", …, "mixed" when they are
/// stored in different formats.
QString codecFamily(const RunRecord& run);

/// Points of one colour and one legend entry.
struct FrontierSeries {
    QString title;
    std::vector<std::size_t> runs;
};
/// What the colours of one group's runs tell.
enum class Colouring {
    family, ///< codecFamily()
    age,    ///< the latest ten runs, the ten before them, and all earlier ones
};

/// One series a codec family or age when there is one group, else one a group.
std::vector<FrontierSeries> frontierSeries(const std::vector<ComparisonGroup>& groups,
                                           std::span<const RunRecord> runs,
                                           Colouring colouring = Colouring::family);

/// Indices of the Pareto-optimal runs of the group in order of increasing horizontal value; only runs that
/// the axes can show.
std::vector<std::size_t> frontierOf(const ComparisonGroup& group, std::span<const RunRecord> runs,
                                    const FrontierAxes& axes);

} // namespace planish
