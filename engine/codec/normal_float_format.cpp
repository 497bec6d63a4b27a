// SPDX-License-Identifier: GPL-3.0-or-later
#include "codec/grid_format.h"

#include <cmath>

namespace planish {
namespace {

/// The x with P(N(0,1) ≤ x) = probability, for probability in [0.5, 1): Newton steps on the error function.
double normalQuantile(double probability) {
    double x = 0;
    for (int step = 0; step < 50; ++step) {
        const double cumulative = 0.5 * std::erfc(-x / std::sqrt(2.0));
        const double density = std::exp(-x * x / 2) / std::sqrt(2 * 3.14159265358979323846);
        x += (probability - cumulative) / density;
    }
    return x;
}

/// 2^(B−1) positive levels, 0, and 2^(B−1)−1 negative ones: quantiles at equal steps from the offset to one
/// half, divided by the largest. The offset is QLoRA's mean of 1−1/30 and 1−1/32.
std::vector<float> normalLevels(int bits) {
    constexpr double outermost = 0.9677083;
    const int positive = 1 << (bits - 1);
    const auto level = [&](int rank, int count) {
        return normalQuantile(outermost + (0.5 - outermost) * rank / count);
    };
    const double largest = level(0, positive);
    std::vector<float> levels;
    for (int rank = 0; rank < positive - 1; ++rank) {
        levels.push_back(static_cast<float>(-level(rank, positive - 1) / largest));
    }
    levels.push_back(0);
    for (int rank = positive - 1; rank >= 0; --rank) {
        levels.push_back(static_cast<float>(level(rank, positive) / largest));
    }
    return levels;
}

} // namespace

std::shared_ptr<const GridFormat> makeNormalFloatFormat(int bits, std::size_t groupSize,
                                                        ScaleType scaleType) {
    return makePlainGridFormat({.grid = Grid::table(bits, normalLevels(bits))}, groupSize, scaleType);
}

} // namespace planish
