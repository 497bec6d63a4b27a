// SPDX-License-Identifier: GPL-3.0-or-later
#include "allocation/noisy_weights.h"

#include "codec/split_mix.h"

#include <fmt/format.h>

#include <cmath>
#include <numbers>

namespace planish {
namespace {

/// In (0, 1].
double uniform(std::uint64_t bits) {
    return (static_cast<double>(bits >> 11) + 1) * 0x1p-53;
}

/// Adds standard normal numbers times `deviation` (Box and Muller 1958), two for each pair of states.
void addNormal(float* values, Eigen::Index count, double deviation, std::uint64_t state) {
    for (Eigen::Index i = 0; i < count; i += 2) {
        const auto at = state + static_cast<std::uint64_t>(i);
        const double radius = deviation * std::sqrt(-2 * std::log(uniform(splitMix(at))));
        const double angle = 2 * std::numbers::pi * uniform(splitMix(at + 1));
        values[i] += static_cast<float>(radius * std::cos(angle));
        if (i + 1 < count) {
            values[i + 1] += static_cast<float>(radius * std::sin(angle));
        }
    }
}

} // namespace

NoisyWeights::NoisyWeights(Model model, const TensorInfo& tensor, double relativeError, std::uint64_t seed)
    : NoisyWeights(std::move(model)) {
    add(tensor, relativeError, seed);
}

void NoisyWeights::add(const TensorInfo& tensor, double relativeError, std::uint64_t seed) {
    noise_[tensor.name] = {relativeError, seed};
}

void NoisyWeights::rows(const TensorInfo& tensor, std::size_t firstRow, MutableMatrixView out) const {
    original_.rows(tensor, firstRow, out);
    const auto found = noise_.find(tensor.name);
    if (found == noise_.end()) {
        return;
    }
    const auto& [relativeError, seed] = found->second;
    for (Eigen::Index row = 0; row < out.rows(); ++row) {
        const double square = out.row(row).cast<double>().squaredNorm();
        const double deviation = std::sqrt(relativeError * square / static_cast<double>(out.cols()));
        const std::uint64_t index = firstRow + static_cast<std::uint64_t>(row);
        addNormal(&out(row, 0), out.cols(), deviation, splitMix(splitMix(seed) ^ index));
    }
}

std::string NoisyWeights::identity(const TensorInfo& tensor) const {
    const auto found = noise_.find(tensor.name);
    return found != noise_.end()
               ? fmt::format("noise {:.17g} {}", found->second.relativeError, found->second.seed)
               : "";
}

} // namespace planish
