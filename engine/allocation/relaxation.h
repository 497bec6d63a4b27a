// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace planish {

/// One way to store an item: what it takes and what it costs, both at least 0 and finite.
struct AllocationOption {
    double size = 0;
    double cost = 0;
};
/// What one option is to be chosen for, such as a tensor; never without options.
using AllocationItem = std::vector<AllocationOption>;

/// A step along the lower convex hull of an item's options: from one option to the next larger one.
struct HullStep {
    std::size_t item = 0;
    std::size_t option = 0; ///< the larger one
    double size = 0;        ///< that it takes more
    double gain = 0;        ///< that it costs less

    double slope() const { return gain / size; }
};

/// Items of which fractions of options may be mixed: its cost is a lower bound of that of whole options
/// (the linear relaxation of the multiple-choice knapsack problem; Sinha and Zoltners 1979).
class Relaxation {
  public:
    Relaxation() = default;
    /// The relaxation of `rest` with one more item, whose number is `item`.
    Relaxation(const Relaxation& rest, const AllocationItem& options, std::size_t item);

    /// The least size there is, and the cost then.
    double smallestSize() const { return smallestSize_; }
    double largestCost() const { return largestCost_; }
    /// The least cost within a size; infinite when there is none.
    double costWithin(double size) const;
    /// In the order in which a growing budget takes them: falling slope.
    std::span<const HullStep> steps() const { return steps_; }

  private:
    double smallestSize_ = 0;
    double largestCost_ = 0;
    std::vector<HullStep> steps_;
    std::vector<double> sizes_; ///< of the first 1, 2, … steps together
    std::vector<double> gains_;
};

/// The option of least size, of least cost among those.
std::size_t smallestOption(const AllocationItem& item);

} // namespace planish
