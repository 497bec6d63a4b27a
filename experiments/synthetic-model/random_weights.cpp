// SPDX-License-Identifier: GPL-3.0-or-later
#include "random_weights.h"

#include "codec/normal_quantile.h"
#include "codec/number.h"
#include "codec/split_mix.h"
#include "model/layout.h"

#include <algorithm>
#include <cmath>

namespace planish {
namespace {

constexpr std::size_t quantileCount = 1 << 16;
constexpr double embeddingDeviation = 0.02;
constexpr std::size_t numbersAtOnce = 4; // 16 random bits each

/// Quantiles of N(0,1) in the middle of equal shares.
std::vector<double> normalQuantiles() {
    std::vector<double> quantiles(quantileCount);
    for (std::size_t i = 0; i < quantileCount / 2; ++i) {
        const double share = (static_cast<double>(quantileCount / 2 + i) + 0.5) / quantileCount;
        const double quantile = normalQuantile(share);
        quantiles[quantileCount / 2 + i] = quantile;
        quantiles[quantileCount / 2 - 1 - i] = -quantile;
    }
    return quantiles;
}

} // namespace

RandomWeights::RandomWeights(const ModelConfig& shape, std::uint64_t seed)
    : shape_(shape), seed_(splitMix(seed)) {
    const std::vector<double> normal = normalQuantiles();
    for (const TensorInfo& tensor : tensorLayout(shape)) {
        const double scale = deviation(tensor);
        auto& quantiles = quantiles_[scale];
        if (tensor.role != Role::norm && quantiles.empty()) {
            quantiles.resize(normal.size());
            std::transform(normal.begin(), normal.end(), quantiles.begin(),
                           [&](double number) { return toBf16(static_cast<float>(scale * number)); });
        }
    }
}

double RandomWeights::deviation(const TensorInfo& tensor) const {
    const double linear = 1 / std::sqrt(static_cast<double>(tensor.shape.columns));
    switch (tensor.role) {
    case Role::norm:
    case Role::bias:
        return 0;
    case Role::embedding:
        return embeddingDeviation;
    case Role::output:
    case Role::down:
        return linear / std::sqrt(2 * static_cast<double>(shape_.blocks));
    default:
        return linear;
    }
}

void RandomWeights::fill(const TensorInfo& tensor, std::size_t place, std::size_t first,
                         std::span<std::uint16_t> out) const {
    if (tensor.role == Role::norm) {
        std::fill(out.begin(), out.end(), toBf16(1));
        return;
    }
    const std::uint16_t* quantiles = quantiles_.at(deviation(tensor)).data();
    std::uint64_t state = splitMix(seed_ + place) + first / numbersAtOnce;
    for (std::size_t i = 0; i < out.size(); i += numbersAtOnce) {
        const std::uint64_t bits = splitMix(state++);
        const std::size_t count = std::min(numbersAtOnce, out.size() - i);
        for (std::size_t j = 0; j < count; ++j) {
            out[i + j] = quantiles[bits >> (16 * j) & 0xffff];
        }
    }
}

} // namespace planish
