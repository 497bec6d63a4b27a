// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace planish {

/// Whose activations the statistics of a tensor's inputs come from.
enum class CalibrationInputs {
    quantized, ///< of the model quantized so far, tensor after tensor (true-sequential)
    original,  ///< of the unquantized model: the same for every recipe
};

std::string_view calibrationInputsName(CalibrationInputs inputs); ///< "quantized", "original"
/// Throws InputError with the valid names.
CalibrationInputs parseCalibrationInputs(std::string_view name);

/// What each calibration token counts for in the moments of inputs.
enum class TokenWeighting {
    equal,
    gradient,  ///< what errors there cost: see LossGradients
    kronecker, ///< the same, and +gptq makes up for errors of outputs that are related in others
};

inline constexpr TokenWeighting tokenWeightings[] = {TokenWeighting::equal, TokenWeighting::gradient,
                                                     TokenWeighting::kronecker};
/// A backward pass of the unquantized model is needed.
constexpr bool usesGradients(TokenWeighting weighting) {
    return weighting != TokenWeighting::equal;
}
std::string_view tokenWeightingName(TokenWeighting weighting); ///< "equal", "gradient", "kronecker"
/// For people, of calibrated runs: ", tokens weighted by gradients" and the like; "" for equal ones.
std::string_view tokenWeightingRemark(std::string_view name);
/// Throws InputError with the valid names.
TokenWeighting parseTokenWeighting(std::string_view name);

inline constexpr std::size_t mostTrainingTokens = std::size_t{1} << 40;
/// Of CalibrationSettings::trainingRate: throws InputError naming where it stands unless it is above 0 and at
/// most 1.
double checkedTrainingRate(double rate, const std::string& source, const std::string& field);

/// A calibration, and the training of codecs that ask for it: with a model, a recipe and the text's content
/// it determines every statistic.
struct CalibrationSettings {
    std::string text = "calibration"; ///< file or bundled name
    std::size_t samples = 128;        ///< the first so many windows of the text
    std::size_t context = 0;          ///< tokens a sample; 0 = the model's maximum, at most 2048
    CalibrationInputs inputs = CalibrationInputs::quantized;
    TokenWeighting tokens = TokenWeighting::equal;
    std::string trainingText{}; ///< what +recover and +qat train on, file or bundled name; empty: `text`
    /// So much of it, windows of all of it in random order, again and again where it is shorter.
    std::size_t trainingTokens = 1'000'000;
    /// Of training: a weight's steps over the root mean square of its tensor's, at the beginning.
    double trainingRate = 0.005;

    bool operator==(const CalibrationSettings&) const = default;
};

} // namespace planish
