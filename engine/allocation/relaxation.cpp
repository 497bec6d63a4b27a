// SPDX-License-Identifier: GPL-3.0-or-later
#include "allocation/relaxation.h"

#include <algorithm>
#include <limits>
#include <numeric>
#include <tuple>

namespace planish {
namespace {

/// Options on the lower convex hull, from the smallest on; each costs less than the one before.
std::vector<std::size_t> hull(const AllocationItem& item) {
    std::vector<std::size_t> order(item.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
        return std::tie(item[a].size, item[a].cost, a) < std::tie(item[b].size, item[b].cost, b);
    });
    const auto slope = [&](std::size_t from, std::size_t to) {
        return (item[from].cost - item[to].cost) / (item[to].size - item[from].size);
    };
    std::vector<std::size_t> kept;
    for (const std::size_t option : order) {
        if (!kept.empty() && !(item[option].cost < item[kept.back()].cost)) {
            continue;
        }
        while (kept.size() > 1 && slope(kept[kept.size() - 2], kept.back()) <= slope(kept.back(), option)) {
            kept.pop_back();
        }
        kept.push_back(option);
    }
    return kept;
}

} // namespace

std::size_t smallestOption(const AllocationItem& item) {
    const auto least =
        std::min_element(item.begin(), item.end(), [](const AllocationOption& a, const AllocationOption& b) {
            return std::tie(a.size, a.cost) < std::tie(b.size, b.cost);
        });
    return static_cast<std::size_t>(least - item.begin());
}

Relaxation::Relaxation(const Relaxation& rest, const AllocationItem& options, std::size_t item)
    : smallestSize_(rest.smallestSize_), largestCost_(rest.largestCost_) {
    const std::vector<std::size_t> own = hull(options);
    smallestSize_ += options[own.front()].size;
    largestCost_ += options[own.front()].cost;
    std::vector<HullStep> ownSteps;
    for (std::size_t i = 1; i < own.size(); ++i) {
        const AllocationOption& from = options[own[i - 1]];
        const AllocationOption& to = options[own[i]];
        ownSteps.push_back({item, own[i], to.size - from.size, from.cost - to.cost});
    }
    // Steps of one item fall in slope too, so that merging keeps their order.
    std::merge(ownSteps.begin(), ownSteps.end(), rest.steps_.begin(), rest.steps_.end(),
               std::back_inserter(steps_),
               [](const HullStep& a, const HullStep& b) { return a.slope() > b.slope(); });
    double size = 0;
    double gain = 0;
    for (const HullStep& step : steps_) {
        sizes_.push_back(size += step.size);
        gains_.push_back(gain += step.gain);
    }
}

double Relaxation::costWithin(double size) const {
    const double room = size - smallestSize_;
    if (room < 0) {
        return std::numeric_limits<double>::infinity();
    }
    const auto next = std::upper_bound(sizes_.begin(), sizes_.end(), room);
    const auto whole = static_cast<std::size_t>(next - sizes_.begin());
    const double taken = whole > 0 ? sizes_[whole - 1] : 0;
    const double gained = whole > 0 ? gains_[whole - 1] : 0;
    const double part = whole < steps_.size() ? (room - taken) * steps_[whole].slope() : 0;
    return largestCost_ - gained - part;
}

} // namespace planish
