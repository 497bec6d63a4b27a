// SPDX-License-Identifier: GPL-3.0-or-later
#include "model/rope_frequencies.h"

#include <cmath>
#include <numbers>

namespace planish {
namespace {

double plainFrequency(const ModelConfig& config, std::size_t i) {
    return std::pow(config.ropeTheta, -2.0 * static_cast<double>(i) / static_cast<double>(config.headSize));
}

/// Long waves are slowed by the factor, short ones kept, those between blended (Llama 3.1 model code).
double llama3Divisor(double frequency, const Llama3RopeScaling& scaling) {
    const double wavelength = 2 * std::numbers::pi / frequency;
    if (wavelength < scaling.originalContext / scaling.highFrequencyFactor) {
        return 1;
    }
    if (wavelength > scaling.originalContext / scaling.lowFrequencyFactor) {
        return scaling.factor;
    }
    const double blend = (scaling.originalContext / wavelength - scaling.lowFrequencyFactor) /
                         (scaling.highFrequencyFactor - scaling.lowFrequencyFactor);
    return 1 / ((1 - blend) / scaling.factor + blend);
}

} // namespace

std::vector<double> ropeDivisors(const ModelConfig& config) {
    if (!config.ropeScaling) {
        return config.ropeDivisors;
    }
    std::vector<double> divisors(config.headSize / 2);
    for (std::size_t i = 0; i < divisors.size(); ++i) {
        divisors[i] = llama3Divisor(plainFrequency(config, i), *config.ropeScaling);
    }
    return divisors;
}

std::vector<double> ropeFrequencies(const ModelConfig& config) {
    const std::vector<double> divisors = ropeDivisors(config);
    std::vector<double> frequencies(config.headSize / 2);
    for (std::size_t i = 0; i < frequencies.size(); ++i) {
        frequencies[i] = plainFrequency(config, i) / (divisors.empty() ? 1 : divisors[i]);
    }
    return frequencies;
}

} // namespace planish
