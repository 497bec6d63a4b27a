// SPDX-License-Identifier: GPL-3.0-or-later
#include "codec/optimal_levels.h"

#include <algorithm>
#include <cstdint>
#include <limits>

namespace planish {
namespace {

/// A distinct weight and the importance of all that are equal to it.
struct Point {
    double value = 0;
    double importance = 0;
};

std::vector<Point> pointsOf(std::span<const float> weights, std::span<const float> importance) {
    constexpr float negligible = 1e-9F;
    const float largest = importance.empty() ? 0.0F : *std::max_element(importance.begin(), importance.end());
    std::vector<Point> all;
    all.reserve(weights.size());
    for (std::size_t i = 0; i < weights.size(); ++i) {
        const float cost = largest > 0 ? importance[i] : 1.0F;
        if (cost > largest * negligible) {
            all.push_back({weights[i], cost});
        }
    }
    std::sort(all.begin(), all.end(), [](const Point& a, const Point& b) {
        return a.value != b.value ? a.value < b.value : a.importance < b.importance;
    });
    std::vector<Point> distinct;
    distinct.reserve(all.size());
    for (const Point& point : all) {
        if (!distinct.empty() && distinct.back().value == point.value) {
            distinct.back().importance += point.importance;
        } else {
            distinct.push_back(point);
        }
    }
    return distinct;
}

/// The best partitions of sorted points into 1, 2, … runs. Only prefixes are looked at: prefix `end` is the
/// points below `end`.
class RunPartition {
  public:
    explicit RunPartition(const std::vector<Point>& points)
        : centre_(points[points.size() / 2].value),
          mass_(points.size() + 1),
          first_(points.size() + 1),
          second_(points.size() + 1),
          error_(points.size() + 1),
          before_(points.size() + 1) {
        for (std::size_t i = 0; i < points.size(); ++i) {
            const double distance = points[i].value - centre_;
            mass_[i + 1] = mass_[i] + points[i].importance;
            first_[i + 1] = first_[i] + points[i].importance * distance;
            second_[i + 1] = second_[i] + points[i].importance * distance * distance;
        }
    }

    /// The means of the best `count` runs; 1 ≤ count ≤ points.
    std::vector<double> means(std::size_t count) {
        const std::size_t size = mass_.size() - 1;
        for (std::size_t end = 1; end <= size; ++end) {
            error_[end] = runError(0, end);
        }
        lastStarts_.assign(count, std::vector<std::uint32_t>(size + 1, 0));
        for (std::size_t runs = 2; runs <= count; ++runs) {
            error_.swap(before_);
            // Nothing asks for a part of the points in the last layer.
            addRun(lastStarts_[runs - 1], runs == count ? size : runs, size, runs - 1, size - 1);
        }
        std::vector<double> result(count);
        std::size_t end = size;
        for (std::size_t run = count; run-- > 0;) {
            const std::size_t start = lastStarts_[run][end];
            result[run] = centre_ + (first_[end] - first_[start]) / (mass_[end] - mass_[start]);
            end = start;
        }
        return result;
    }

  private:
    /// Σ i·(x − mean)² over points [start, end).
    double runError(std::size_t start, std::size_t end) const {
        const double sum = first_[end] - first_[start];
        return second_[end] - second_[start] - sum * sum / (mass_[end] - mass_[start]);
    }

    /// Splits prefixes [low, high] into one run more than before, where the last run is known to start in
    /// [lowStart, highStart].
    void addRun(std::vector<std::uint32_t>& starts, std::size_t low, std::size_t high, std::size_t lowStart,
                std::size_t highStart) {
        const std::size_t end = low + (high - low) / 2;
        double least = std::numeric_limits<double>::infinity();
        std::size_t best = lowStart;
        for (std::size_t start = lowStart; start <= std::min(highStart, end - 1); ++start) {
            const double error = before_[start] + runError(start, end);
            if (error < least) {
                least = error;
                best = start;
            }
        }
        error_[end] = least;
        starts[end] = static_cast<std::uint32_t>(best);
        if (low < end) {
            addRun(starts, low, end - 1, lowStart, best);
        }
        if (end < high) {
            addRun(starts, end + 1, high, best, highStart);
        }
    }

    double centre_;
    std::vector<double> mass_;   ///< Σ i over the prefixes
    std::vector<double> first_;  ///< Σ i·x
    std::vector<double> second_; ///< Σ i·x²
    std::vector<double> error_;  ///< of the prefixes in the present number of runs
    std::vector<double> before_; ///< in one run less
    std::vector<std::vector<std::uint32_t>> lastStarts_;
};

} // namespace

std::vector<double> optimalLevels(std::span<const float> weights, std::span<const float> importance,
                                  std::size_t count) {
    const std::vector<Point> points = pointsOf(weights, importance);
    std::vector<double> levels;
    if (points.size() <= count) {
        for (const Point& point : points) {
            levels.push_back(point.value);
        }
        levels.resize(count, points.back().value);
        return levels;
    }
    return RunPartition(points).means(count);
}

} // namespace planish
