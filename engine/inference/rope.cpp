// SPDX-License-Identifier: GPL-3.0-or-later
#include "inference/rope.h"

#include "model/rope_frequencies.h"

#include <cmath>
#include <vector>

namespace planish {
namespace {

std::span<const float> row(const Matrix& matrix, std::size_t index) {
    return {matrix.row(static_cast<Eigen::Index>(index)).data(), static_cast<std::size_t>(matrix.cols())};
}

} // namespace

RopeTable::RopeTable(const Rope& rope, std::size_t rotarySize, std::size_t positions)
    : cosines_(static_cast<Eigen::Index>(positions), static_cast<Eigen::Index>(rotarySize / 2)),
      sines_(cosines_.rows(), cosines_.cols()) {
    const std::vector<double> frequencies = ropeFrequencies(rope, rotarySize, positions);
    const double amplitude = rope.scaling ? rope.scaling->amplitude : 1;
    for (Eigen::Index i = 0; i < cosines_.cols(); ++i) {
        const double frequency = frequencies[static_cast<std::size_t>(i)];
        for (Eigen::Index position = 0; position < cosines_.rows(); ++position) {
            const double angle = static_cast<double>(position) * frequency;
            cosines_(position, i) = static_cast<float>(amplitude * std::cos(angle));
            sines_(position, i) = static_cast<float>(amplitude * std::sin(angle));
        }
    }
}

std::span<const float> RopeTable::cosines(std::size_t position) const {
    return row(cosines_, position);
}
std::span<const float> RopeTable::sines(std::size_t position) const {
    return row(sines_, position);
}

RopeTables::RopeTables(const ModelConfig& config, std::size_t positions)
    : whole_(config.rope, config.rotarySize, positions) {
    if (config.windowRope) {
        windows_.emplace(*config.windowRope, config.rotarySize, positions);
    }
}

const RopeTable* RopeTables::of(const BlockAttention& attention) const {
    if (!attention.rotated) {
        return nullptr;
    }
    return attention.window > 0 && windows_ ? &*windows_ : &whole_;
}

} // namespace planish
