// SPDX-License-Identifier: GPL-3.0-or-later
#include "inference/rope.h"

#include <cmath>
#include <numbers>
#include <vector>

namespace planish {
namespace {

/// Long waves are slowed by the factor, short ones kept, those between blended (Llama 3.1 model code).
double llama3Frequency(double frequency, const Llama3RopeScaling& scaling) {
    const double wavelength = 2 * std::numbers::pi / frequency;
    if (wavelength < scaling.originalContext / scaling.highFrequencyFactor) {
        return frequency;
    }
    if (wavelength > scaling.originalContext / scaling.lowFrequencyFactor) {
        return frequency / scaling.factor;
    }
    const double blend = (scaling.originalContext / wavelength - scaling.lowFrequencyFactor) /
                         (scaling.highFrequencyFactor - scaling.lowFrequencyFactor);
    return (1 - blend) * frequency / scaling.factor + blend * frequency;
}

std::span<const float> row(const Matrix& matrix, std::size_t index) {
    return {matrix.row(static_cast<Eigen::Index>(index)).data(), static_cast<std::size_t>(matrix.cols())};
}

} // namespace

RopeTable::RopeTable(const ModelConfig& config, std::size_t positions)
    : cosines_(static_cast<Eigen::Index>(positions), static_cast<Eigen::Index>(config.headSize / 2)),
      sines_(cosines_.rows(), cosines_.cols()) {
    for (Eigen::Index i = 0; i < cosines_.cols(); ++i) {
        double frequency =
            std::pow(config.ropeTheta, -2.0 * static_cast<double>(i) / static_cast<double>(config.headSize));
        if (config.ropeScaling) {
            frequency = llama3Frequency(frequency, *config.ropeScaling);
        }
        for (Eigen::Index position = 0; position < cosines_.rows(); ++position) {
            const double angle = static_cast<double>(position) * frequency;
            cosines_(position, i) = static_cast<float>(std::cos(angle));
            sines_(position, i) = static_cast<float>(std::sin(angle));
        }
    }
}

std::span<const float> RopeTable::cosines(std::size_t position) const {
    return row(cosines_, position);
}
std::span<const float> RopeTable::sines(std::size_t position) const {
    return row(sines_, position);
}

} // namespace planish
