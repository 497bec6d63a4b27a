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

std::optional<std::size_t> kneeOf(std::span<const FrontierPoint> front) {
    if (front.size() < 3) {
        return std::nullopt;
    }
    const bool positive =
        std::all_of(front.begin(), front.end(), [](const FrontierPoint& point) { return point.loss > 0; });
    const auto loss = [&](const FrontierPoint& point) {
        return positive ? std::log(point.loss) : point.loss;
    };
    const double width = front.back().size - front.front().size;
    const double height = loss(front.front()) - loss(front.back());
    std::optional<std::size_t> knee;
    double deepest = 1e-9; // less is rounding
    for (std::size_t i = 0; i < front.size(); ++i) {
        const double along = (front[i].size - front.front().size) / width;
        const double above = (loss(front[i]) - loss(front.back())) / height;
        const double below = 1 - along - above;
        if (below > deepest) {
            deepest = below;
            knee = i;
        }
    }
    return knee;
}

double hypervolume(std::span<const FrontierPoint> points) {
    double size = 0;
    double loss = 0;
    for (const FrontierPoint& point : points) {
        if (!std::isnan(point.size) && !std::isnan(point.loss)) {
            size = std::max(size, point.size);
            loss = std::max(loss, point.loss);
        }
    }
    double area = 0;
    double above = loss;
    for (const std::size_t i : paretoFront(points)) {
        const double to = std::max(0.0, points[i].loss);
        area += std::max(0.0, above - to) * (size - points[i].size);
        above = std::min(above, to);
    }
    return size > 0 && loss > 0 ? area / (size * loss) : 0;
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
