// SPDX-License-Identifier: GPL-3.0-or-later
#include "codec/parameter_search.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

namespace planish {
namespace {

/// Weighted sums over a group of its levels u and weights w.
struct LevelSums {
    double one = 0;
    double u = 0;
    double uu = 0;
    double w = 0;
    double uw = 0;
};

LevelSums sumsOf(const Grid& grid, GroupParameters parameters, std::span<const float> weights,
                 std::span<const float> importance) {
    constexpr std::size_t block = 256;
    std::array<std::uint8_t, block> indices;
    LevelSums sums;
    for (std::size_t at = 0; at < weights.size(); at += block) {
        const auto part = weights.subspan(at, std::min(block, weights.size() - at));
        grid.nearest(parameters, part, std::span(indices).first(part.size()));
        for (std::size_t i = 0; i < part.size(); ++i) {
            const double level = grid.levels()[indices[i]];
            const double weight = part[i];
            const double count = importance.empty() ? 1.0 : double{importance[at + i]};
            sums.one += count;
            sums.u += count * level;
            sums.uu += count * level * level;
            sums.w += count * weight;
            sums.uw += count * level * weight;
        }
    }
    return sums;
}

} // namespace

ParameterSearch::ParameterSearch(const GroupProblem& problem, GroupParameters start)
    : problem_(problem),
      grid_(problem.format.grid()),
      best_(start),
      error_(grid_.squaredError(start, problem.weights, problem.importance)) {
    totalImportance_ = static_cast<double>(problem.weights.size());
    if (!problem.importance.empty()) {
        totalImportance_ = std::accumulate(problem.importance.begin(), problem.importance.end(), 0.0);
    }
}

double ParameterSearch::typicalError() const {
    return std::sqrt(error_ / totalImportance_);
}

double ParameterSearch::low() const {
    return best_.offset + double{best_.scale} * grid_.first();
}

double ParameterSearch::high() const {
    return best_.offset + double{best_.scale} * grid_.last();
}

bool ParameterSearch::consider(double scale, double offset) {
    const GroupParameters candidate = problem_.storable.nearest(scale, offset);
    if (candidate == best_ ||
        grid_.certainlyExceeds(error_, candidate, problem_.weights, problem_.importance)) {
        return false;
    }
    const double error = grid_.squaredError(candidate, problem_.weights, problem_.importance);
    if (error < error_) {
        best_ = candidate;
        error_ = error;
        return true;
    }
    return false;
}

bool ParameterSearch::tryBounds(double low, double high) {
    const double scale = (high - low) / (grid_.last() - grid_.first());
    return consider(scale, low - scale * grid_.first());
}

bool ParameterSearch::tryRefit() {
    if (refitted_ == best_) {
        return false;
    }
    refitted_ = best_;
    const LevelSums sums = sumsOf(grid_, best_, problem_.weights, problem_.importance);
    if (sums.uu == 0) {
        return false;
    }
    double offset = 0;
    if (problem_.storable.offset) {
        const double determinant = sums.one * sums.uu - sums.u * sums.u;
        if (determinant <= 0) {
            return false;
        }
        // The scale is fitted to the offset as stored: it can repair part of that rounding.
        offset = problem_.storable.offset->nearest((sums.w * sums.uu - sums.uw * sums.u) / determinant);
    }
    if (problem_.storable.lastZeroPoint > 0) {
        const double free = (sums.uw - offset * sums.u) / sums.uu;
        const double zero =
            problem_.storable.nearest(free, offset).zeroPoint(problem_.storable.lastZeroPoint);
        const double squares = sums.uu - zero * (2 * sums.u - zero * sums.one); // of levels less it
        const double scale = squares > 0 ? (sums.uw - zero * sums.w) / squares : 0;
        return consider(scale, -scale * zero);
    }
    return consider((sums.uw - offset * sums.u) / sums.uu, offset);
}

} // namespace planish
