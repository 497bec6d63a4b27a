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
    switch (weighting) {
    case TokenWeighting::equal:
        return "equal";
    case TokenWeighting::gradient:
        return "gradient";
    case TokenWeighting::kronecker:
        return "kronecker";
    }
    return "";
}

std::string_view tokenWeightingRemark(std::string_view name) {
    if (name == tokenWeightingName(TokenWeighting::gradient)) {
        return ", tokens weighted by gradients";
    }
    return name == tokenWeightingName(TokenWeighting::kronecker)
               ? ", tokens weighted by gradients, outputs related"
               : "";
}

TokenWeighting parseTokenWeighting(std::string_view name) {
    for (const TokenWeighting weighting : tokenWeightings) {
        if (name == tokenWeightingName(weighting)) {
            return weighting;
        }
    }
    throw InputError("calibration", "token weights", "equal, gradient or kronecker", std::string(name));
}

double checkedTrainingRate(double rate, const std::string& source, const std::string& field) {
    if (!(rate > 0 && rate <= 1)) {
        throw InputError(source, field, "above 0 and at most 1", fmt::format("{}", rate));
    }
    return rate;
}

} // namespace planish
