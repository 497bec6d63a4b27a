// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "allocation/relaxation.h"

#include <optional>

namespace planish {

/// One option for each item.
struct Allocation {
    std::vector<std::size_t> chosen; ///< index into each item's options
    double size = 0;
    double cost = 0;
    /// No choice within the budget costs less than this: equal to `cost` when that is proven to be the least,
    /// as it nearly always is.
    double bound = 0;
};

/// The choice of least cost whose sizes add up to at most `budget`; nothing when even the smallest options
/// are larger. A multiple-choice knapsack problem, solved by dynamic programming over (size, cost) pairs that
/// no other dominates (Nemhauser, Ullmann 1969), of which only those are followed whose relaxation could
/// still beat the best whole choice known. `mostStates` bounds the pairs kept at a time; where it cuts some
/// off, `bound` says how much may have been missed.
std::optional<Allocation> cheapestWithin(std::span<const AllocationItem> items, double budget,
                                         std::size_t mostStates = 20000);

/// The choice of least size whose costs add up to at most `ceiling`, found the same way with sizes and costs
/// exchanged; `bound` then is a size.
std::optional<Allocation> smallestWithin(std::span<const AllocationItem> items, double ceiling,
                                         std::size_t mostStates = 20000);

/// The choices a growing budget passes through when only whole steps along the items' hulls are taken, from
/// the smallest to the cheapest: each is the best for its size. At most `most` of them, evenly spaced.
std::vector<Allocation> hullAllocations(std::span<const AllocationItem> items, std::size_t most = 200);

} // namespace planish
