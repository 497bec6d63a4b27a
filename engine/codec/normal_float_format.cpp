// SPDX-License-Identifier: GPL-3.0-or-later
#include "codec/grid_format.h"
#include "codec/normal_quantile.h"

namespace planish {
namespace {

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
