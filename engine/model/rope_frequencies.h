// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

namespace planish {

/// How the frequencies of a rotary embedding are changed for longer texts than a model was first trained on.
enum class RopeKind {
    linear,  ///< all divided by the factor
    dynamic, ///< a larger base for texts longer than the context: NTK-aware interpolation
    llama3,  ///< by wavelength, as Llama 3.1 does
    yarn,    ///< by rotations within the context: YaRN, Peng et al. 2023, eq. 18 to 23
    longrope ///< each divided by its own factor: LongRoPE, Ding et al. 2024
};
/// "linear", "dynamic", "llama3", "yarn", "longrope".
std::string_view ropeKindName(RopeKind kind);

struct RopeScaling {
    RopeKind kind = RopeKind::linear;
    double factor = 1;
    double originalContext = 8192;     ///< tokens
    double lowFrequencyFactor = 1;     ///< llama3
    double highFrequencyFactor = 4;    ///< llama3
    double betaFast = 32;              ///< yarn: rotations from which on a frequency stays
    double betaSlow = 1;               ///< yarn: rotations up to which it is divided by the factor
    bool wholeDimensions = true;       ///< yarn: between them, from and to whole dimensions
    double amplitude = 1;              ///< yarn, longrope: of cosines and sines
    std::vector<double> shortDivisors; ///< longrope: of texts within the original context [rotarySize ÷ 2]
    std::vector<double> longDivisors;  ///< longrope: of longer ones [rotarySize ÷ 2]
};

/// The rotary position embedding of a block (Su et al. 2021).
struct Rope {
    double theta = 10000;
    std::optional<RopeScaling> scaling;
    std::vector<double> divisors; ///< of the rotarySize ÷ 2 frequencies, from files that list them
};

/// By what the frequencies are divided, where that is the same for every length of text; empty when they are
/// as they come.
std::vector<double> ropeDivisors(const Rope& rope, std::size_t rotarySize);

/// The rotarySize ÷ 2 frequencies θ^(−2i ÷ rotarySize) as the scaling changes them for texts of `positions`
/// tokens: radians a position.
std::vector<double> ropeFrequencies(const Rope& rope, std::size_t rotarySize, std::size_t positions);

} // namespace planish
