// SPDX-License-Identifier: GPL-3.0-or-later
#include "codec/grid.h"

#include "codec/encode_kernels.h"
#include "codec/grid_screen.h"
#include "codec/value_kernels.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <limits>
#include <utility>

namespace planish {
namespace {

/// Independent partial sums, so that the loops vectorize and the result is the same on every machine.
constexpr std::size_t lanes = 8;

/// Weights in units of a group's grid. A zero scale maps everything to 0.
struct Units {
    explicit Units(GroupParameters parameters)
        : offset(parameters.scale == 0 ? 0 : parameters.offset),
          divisor(parameters.scale == 0 ? std::numeric_limits<float>::infinity() : parameters.scale) {}
    float operator()(float weight) const { return (weight - offset) / divisor; }

    float offset;
    float divisor;
};

/// Nearest whole level as an index; the cast truncates, after the clamp made it safe.
struct UniformIndex {
    float first;
    float highest;
    int operator()(float units) const {
        return static_cast<int>(std::min(std::max(units - first, 0.0F), highest) + 0.5F);
    }
};

struct TableIndex {
    const std::array<float, 15>& midpoints;
    int operator()(float units) const {
        int index = 0;
        for (const float midpoint : midpoints) {
            index += units > midpoint ? 1 : 0;
        }
        return index;
    }
};

template <typename Index>
void nearestIndices(Units units, Index index, std::span<const float> weights, std::uint8_t* out) {
    for (std::size_t i = 0; i < weights.size(); ++i) {
        out[i] = static_cast<std::uint8_t>(index(units(weights[i])));
    }
}

/// Σ i·e² with error(index) = e and importance(index) = i.
template <typename Error, typename Importance>
double weightedSquares(std::size_t count, Error error, Importance importance) {
    std::array<double, lanes> sums{};
    const auto add = [&](std::size_t i, std::size_t lane) {
        const double e = error(i);
        sums[lane] += e * e * importance(i);
    };
    const std::size_t whole = count / lanes * lanes;
    for (std::size_t i = 0; i < whole; i += lanes) {
        for (std::size_t lane = 0; lane < lanes; ++lane) {
            add(i + lane, lane);
        }
    }
    for (std::size_t i = whole; i < count; ++i) {
        add(i, i - whole);
    }
    return ((sums[0] + sums[1]) + (sums[2] + sums[3])) + ((sums[4] + sums[5]) + (sums[6] + sums[7]));
}

template <typename Value>
double sumOfSquares(std::span<const float> weights, std::span<const float> importance, Value decoded) {
    const auto error = [&](std::size_t i) { return double{weights[i]} - double{decoded(weights[i])}; };
    return importance.empty()
               ? weightedSquares(weights.size(), error, [](std::size_t) { return 1.0; })
               : weightedSquares(weights.size(), error, [&](std::size_t i) { return double{importance[i]}; });
}

} // namespace

Grid::Grid(int bits, bool uniform, std::vector<float> levels)
    : bits_(bits), uniform_(uniform), levels_(std::move(levels)) {
    assert(levels_.size() == std::size_t{1} << bits && std::is_sorted(levels_.begin(), levels_.end()));
    midpoints_.fill(std::numeric_limits<float>::infinity());
    if (!uniform_) {
        assert(levels_.size() <= midpoints_.size() + 1);
        for (std::size_t i = 0; i + 1 < levels_.size(); ++i) {
            midpoints_[i] = (levels_[i] + levels_[i + 1]) / 2;
        }
    }
}

Grid Grid::uniform(int bits, int first) {
    std::vector<float> levels(std::size_t{1} << bits);
    for (std::size_t i = 0; i < levels.size(); ++i) {
        levels[i] = static_cast<float>(first + static_cast<int>(i));
    }
    return Grid(bits, true, std::move(levels));
}

Grid Grid::table(int bits, std::vector<float> levels) {
    return Grid(bits, false, std::move(levels));
}

void Grid::nearest(GroupParameters parameters, std::span<const float> weights,
                   std::span<std::uint8_t> indices) const {
    assert(weights.size() == indices.size());
    const Units units(parameters);
    if (uniform_) {
        nearestIndices(units, UniformIndex{first(), last() - first()}, weights, indices.data());
    } else {
        nearestIndices(units, TableIndex{midpoints_}, weights, indices.data());
    }
}

std::uint8_t Grid::nearest(GroupParameters parameters, float weight) const {
    const Units units(parameters);
    const int index = uniform_ ? UniformIndex{first(), last() - first()}(units(weight))
                               : TableIndex{midpoints_}(units(weight));
    return static_cast<std::uint8_t>(index);
}

void Grid::nearest(std::span<const GroupParameters> parameters, std::size_t groupSize,
                   std::span<const float> weights, std::span<std::uint8_t> indices) const {
    assert(weights.size() == indices.size());
    if (uniform_) {
        nearestWhole(parameters, groupSize, first(), last() - first(), weights, indices.data());
        return;
    }
    for (std::size_t start = 0; start < weights.size(); start += groupSize) {
        const std::size_t count = std::min(groupSize, weights.size() - start);
        nearest(parameters[start / groupSize], weights.subspan(start, count), indices.subspan(start, count));
    }
}

double Grid::squaredError(GroupParameters parameters, std::span<const float> weights,
                          std::span<const float> importance) const {
    assert(importance.empty() || importance.size() == weights.size());
    const Units units(parameters);
    if (uniform_) {
        const UniformIndex index{first(), last() - first()};
        return sumOfSquares(weights, importance, [=, start = first()](float weight) {
            const float level = static_cast<float>(index(units(weight))) + start;
            return parameters.offset + parameters.scale * level;
        });
    }
    const TableIndex index{midpoints_};
    std::array<float, 16> decoded{};
    for (std::size_t i = 0; i < levels_.size(); ++i) {
        decoded[i] = parameters.offset + parameters.scale * levels_[i];
    }
    return sumOfSquares(weights, importance, [&](float weight) {
        return decoded[static_cast<std::size_t>(index(units(weight)))];
    });
}

bool Grid::certainlyExceeds(double limit, GroupParameters parameters, std::span<const float> weights,
                            std::span<const float> importance) const {
    constexpr double doubt = 1e-3;
    const double rough = roughSquaredError(*this, parameters, weights, importance);
    return std::isfinite(rough) && rough > limit * (1 + doubt);
}

void Grid::values(std::span<const GroupParameters> parameters, std::size_t groupSize,
                  std::span<const std::uint8_t> indices, std::span<float> out) const {
    assert(indices.size() == out.size());
    const IndexRow row{indices.data(), out.data(), out.size(), groupSize};
    if (uniform_) {
        uniformValues(parameters, first(), row);
    } else {
        LevelTable table{};
        std::copy(levels_.begin(), levels_.end(), table.begin());
        tableValues(parameters, table, row);
    }
}

} // namespace planish
