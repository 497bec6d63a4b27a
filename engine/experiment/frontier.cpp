// SPDX-License-Identifier: GPL-3.0-or-later
#include "experiment/frontier.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <tuple>

namespace planish {
namespace {

/// What two runs must share for their ΔPPL to be comparable: content, not the name it goes by.
auto comparisonKey(const RunRecord& run) {
    return std::tie(run.modelFingerprint, run.corpusSha256, run.convention, run.context, run.windows,
                    run.stride);
}

} // namespace

std::vector<std::size_t> paretoFront(std::span<const FrontierPoint> points) {
    std::vector<std::size_t> order;
    for (std::size_t i = 0; i < points.size(); ++i) {
        if (!std::isnan(points[i].size) && !std::isnan(points[i].loss)) {
            order.push_back(i);
        }
    }
    std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
        return std::tie(points[a].size, points[a].loss, a) < std::tie(points[b].size, points[b].loss, b);
    });
    std::vector<std::size_t> front;
    for (const std::size_t i : order) {
        // Everything before it in the order is at most as large, so only a smaller loss earns a place.
        if (front.empty() || points[i].loss < points[front.back()].loss) {
            front.push_back(i);
        }
    }
    return front;
}

std::vector<bool> onFrontier(std::span<const RunRecord> runs) {
    const auto less = [&](std::size_t a, std::size_t b) {
        return comparisonKey(runs[a]) < comparisonKey(runs[b]);
    };
    std::map<std::size_t, std::vector<std::size_t>, decltype(less)> groups(less);
    for (std::size_t i = 0; i < runs.size(); ++i) {
        groups[i].push_back(i);
    }
    std::vector<bool> result(runs.size(), false);
    for (const auto& [representative, members] : groups) {
        std::vector<FrontierPoint> points;
        points.reserve(members.size());
        for (const std::size_t i : members) {
            points.push_back({runs[i].bitsPerWeight, runs[i].deltaPplPercent});
        }
        for (const std::size_t winner : paretoFront(points)) {
            result[members[winner]] = true;
        }
    }
    return result;
}

} // namespace planish
