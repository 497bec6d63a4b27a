// SPDX-License-Identifier: GPL-3.0-or-later
#include "experiment/run_command.h"

#include <fmt/format.h>

namespace planish {
namespace {

std::string shellQuoted(const std::string& text) {
    std::string quoted = "'";
    for (const char c : text) {
        quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
    }
    return quoted + "'";
}

} // namespace

std::string repeatCommand(const RunSpec& spec, bool trains) {
    const bool uniform =
        spec.recipe.rules.size() == 2 && spec.recipe == Recipe::uniform(spec.recipe.rules[0].codec);
    const EvaluationSettings& settings = spec.evaluation;
    std::string command =
        fmt::format("planish-cli run {} {} {} --text {} --convention {} --context {} --windows {} --seed {}",
                    shellQuoted(spec.model), uniform ? "--codec" : "--recipe",
                    shellQuoted(uniform ? spec.recipe.rules[0].codec : spec.recipe.toJson().dump()),
                    shellQuoted(spec.corpus), conventionName(settings.convention), settings.context,
                    settings.windows, spec.seed);
    if (settings.convention == Convention::strided) {
        command += fmt::format(" --stride {}", settings.stride);
    }
    if (settings.exact) {
        command += " --exact";
    }
    if (const auto& calibration = spec.calibration) {
        command +=
            fmt::format(" --calibration {} --samples {} --calibration-context {} --calibration-inputs {}",
                        shellQuoted(calibration->text), calibration->samples, calibration->context,
                        calibrationInputsName(calibration->inputs));
        if (calibration->tokens != TokenWeighting::equal) {
            command += fmt::format(" --token-weights {}", tokenWeightingName(calibration->tokens));
        }
        if (trains) {
            command += fmt::format(" --training {} --training-tokens {} --training-rate {}",
                                   shellQuoted(calibration->trainingText), calibration->trainingTokens,
                                   calibration->trainingRate);
        }
    }
    return command;
}

} // namespace planish
