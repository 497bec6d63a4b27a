// SPDX-License-Identifier: GPL-3.0-or-later
#include "calibration/settings.h"

#include "support/error.h"

#include <fmt/format.h>

namespace planish {

std::string_view calibrationInputsName(CalibrationInputs inputs) {
    return inputs == CalibrationInputs::quantized ? "quantized" : "original";
}

CalibrationInputs parseCalibrationInputs(std::string_view name) {
    for (const CalibrationInputs inputs : {CalibrationInputs::quantized, CalibrationInputs::original}) {
        if (name == calibrationInputsName(inputs)) {
            return inputs;
        }
    }
    throw InputError("calibration", "inputs", "quantized or original", std::string(name));
}

std::string_view tokenWeightingName(TokenWeighting weighting) {
    return weighting == TokenWeighting::equal ? "equal" : "gradient";
}

TokenWeighting parseTokenWeighting(std::string_view name) {
    for (const TokenWeighting weighting : {TokenWeighting::equal, TokenWeighting::gradient}) {
        if (name == tokenWeightingName(weighting)) {
            return weighting;
        }
    }
    throw InputError("calibration", "token weights", "equal or gradient", std::string(name));
}

double checkedTrainingRate(double rate, const std::string& source, const std::string& field) {
    if (!(rate > 0 && rate <= 1)) {
        throw InputError(source, field, "above 0 and at most 1", fmt::format("{}", rate));
    }
    return rate;
}

} // namespace planish
