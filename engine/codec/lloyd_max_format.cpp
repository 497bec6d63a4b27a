// SPDX-License-Identifier: GPL-3.0-or-later
#include "codec/grid_format.h"

#include <cmath>

namespace planish {
namespace {

double density(double x) {
    return std::exp(-x * x / 2) / std::sqrt(2 * 3.14159265358979323846);
}

/// P(N(0,1) > x).
double tail(double x) {
    return 0.5 * std::erfc(x / std::sqrt(2.0));
}

/// The 2^B levels that are each the mean of N(0,1) over the numbers nearest to it: Lloyd's iteration on the
/// positive half, from even spacing. The iteration contracts by a factor of about 0.95 at 16 levels.
std::vector<float> lloydMaxLevels(int bits) {
    constexpr int iterations = 1000;
    const std::size_t half = std::size_t{1} << (bits - 1);
    std::vector<double> positive(half);
    for (std::size_t i = 0; i < half; ++i) {
        positive[i] = 3.0 * (static_cast<double>(i) + 0.5) / static_cast<double>(half);
    }
    for (int iteration = 0; iteration < iterations; ++iteration) {
        double from = 0;
        for (std::size_t i = 0; i < half; ++i) {
            const bool last = i + 1 == half;
            const double to = last ? HUGE_VAL : (positive[i] + positive[i + 1]) / 2;
            positive[i] = (density(from) - density(to)) / (tail(from) - tail(to));
            from = to;
        }
    }
    std::vector<float> levels;
    for (std::size_t i = half; i-- > 0;) {
        levels.push_back(static_cast<float>(-positive[i]));
    }
    for (const double level : positive) {
        levels.push_back(static_cast<float>(level));
    }
    return levels;
}

} // namespace

std::shared_ptr<const GridFormat> makeLloydMaxFormat(int bits, std::size_t groupSize, ScaleType scaleType) {
    return makePlainGridFormat({.grid = Grid::table(bits, lloydMaxLevels(bits)), .unitVariance = true},
                               groupSize, scaleType);
}

} // namespace planish
