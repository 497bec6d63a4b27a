// SPDX-License-Identifier: GPL-3.0-or-later
#include "model/rope_frequencies.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace planish {
namespace {

double plainFrequency(double theta, std::size_t i, std::size_t rotarySize) {
    return std::pow(theta, -2.0 * static_cast<double>(i) / static_cast<double>(rotarySize));
}

/// Long waves are slowed by the factor, short ones kept, those between blended (Llama 3.1 model code).
double llama3Divisor(double frequency, const RopeScaling& scaling) {
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

/// The dimensions between which frequencies go over from kept to divided: those that turn betaFast and
/// betaSlow times within the original context.
class YarnRamp {
  public:
    YarnRamp(const Rope& rope, std::size_t rotarySize) {
        const RopeScaling& scaling = *rope.scaling;
        const auto size = static_cast<double>(rotarySize);
        const auto dimension = [&](double rotations) {
            return size * std::log(scaling.originalContext / (rotations * 2 * std::numbers::pi)) /
                   (2 * std::log(rope.theta));
        };
        first_ = dimension(scaling.betaFast);
        last_ = dimension(scaling.betaSlow);
        if (scaling.wholeDimensions) {
            first_ = std::floor(first_);
            last_ = std::ceil(last_);
        }
        first_ = std::max(first_, 0.0);
        last_ = std::min(last_, size - 1);
        if (first_ == last_) {
            last_ += 0.001; // a step
        }
    }

    /// 0 where a frequency is kept, 1 where it is divided by the factor.
    double at(std::size_t i) const {
        return std::clamp((static_cast<double>(i) - first_) / (last_ - first_), 0.0, 1.0);
    }

  private:
    double first_;
    double last_;
};

std::vector<double> yarnDivisors(const Rope& rope, std::size_t rotarySize) {
    const YarnRamp ramp(rope, rotarySize);
    std::vector<double> divisors(rotarySize / 2);
    for (std::size_t i = 0; i < divisors.size(); ++i) {
        divisors[i] = 1 / (ramp.at(i) / rope.scaling->factor + 1 - ramp.at(i));
    }
    return divisors;
}

/// The base that keeps the shortest wave and stretches the longest by what the text is longer.
double dynamicTheta(const Rope& rope, std::size_t rotarySize, std::size_t positions) {
    const RopeScaling& scaling = *rope.scaling;
    const double length = std::max(static_cast<double>(positions), scaling.originalContext);
    const double stretch = scaling.factor * length / scaling.originalContext - (scaling.factor - 1);
    const auto size = static_cast<double>(rotarySize);
    return rope.theta * std::pow(stretch, size / (size - 2));
}

} // namespace

std::string_view ropeKindName(RopeKind kind) {
    switch (kind) {
    case RopeKind::linear:
        return "linear";
    case RopeKind::dynamic:
        return "dynamic";
    case RopeKind::llama3:
        return "llama3";
    case RopeKind::yarn:
        return "yarn";
    case RopeKind::longrope:
        return "longrope";
    }
    return "";
}

std::vector<double> ropeDivisors(const Rope& rope, std::size_t rotarySize) {
    if (!rope.scaling) {
        return rope.divisors;
    }
    if (rope.scaling->kind == RopeKind::yarn) {
        return yarnDivisors(rope, rotarySize);
    }
    std::vector<double> divisors;
    for (std::size_t i = 0; i < rotarySize / 2; ++i) {
        if (rope.scaling->kind == RopeKind::llama3) {
            divisors.push_back(llama3Divisor(plainFrequency(rope.theta, i, rotarySize), *rope.scaling));
        } else if (rope.scaling->kind == RopeKind::linear) {
            divisors.push_back(rope.scaling->factor);
        }
    }
    return divisors;
}

std::vector<double> ropeFrequencies(const Rope& rope, std::size_t rotarySize, std::size_t positions) {
    double theta = rope.theta;
    std::vector<double> divisors = ropeDivisors(rope, rotarySize);
    if (rope.scaling && rope.scaling->kind == RopeKind::dynamic) {
        theta = dynamicTheta(rope, rotarySize, positions);
    } else if (rope.scaling && rope.scaling->kind == RopeKind::longrope) {
        divisors = static_cast<double>(positions) > rope.scaling->originalContext
                       ? rope.scaling->longDivisors
                       : rope.scaling->shortDivisors;
    }
    std::vector<double> frequencies(rotarySize / 2);
    for (std::size_t i = 0; i < frequencies.size(); ++i) {
        frequencies[i] = plainFrequency(theta, i, rotarySize) / (divisors.empty() ? 1 : divisors[i]);
    }
    return frequencies;
}

} // namespace planish
