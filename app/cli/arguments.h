// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "calibration/settings.h"
#include "evaluation/settings.h"
#include "experiment/run.h"
#include "support/json.h"

#include <CLI/CLI.hpp>

#include <cstdint>
#include <optional>
#include <string>

namespace planish::cli {

/// Options many commands share, under the same names and with the same help everywhere.
struct EvaluationArguments {
    std::string text = "literature";
    std::string convention = "standard";
    std::size_t context = 0;
    std::size_t windows = 0;
    std::size_t stride = 0;
    bool exact = false;

    void addTo(CLI::App& command);
    EvaluationSettings settings() const;
};

struct RecipeArguments {
    std::string recipe;
    std::string codec;

    void addTo(CLI::App& command);
    bool given() const { return !recipe.empty() || !codec.empty(); }
    /// Throws InputError when neither or both are given.
    Recipe open() const;
};

/// What the statistics of a tensor's inputs are collected from, and what +recover and +qat train on.
struct CalibrationArguments {
    std::optional<std::string> text;
    std::optional<std::size_t> samples;
    std::optional<std::size_t> context;
    std::optional<std::string> inputs;
    std::optional<std::string> tokens;
    std::optional<std::string> trainingText;
    std::optional<std::size_t> trainingTokens;
    std::optional<double> trainingRate;

    void addTo(CLI::App& command);
    /// Nothing when no option was given: the recipe then decides whether to calibrate. Options that were not
    /// given are as `usual` has them.
    std::optional<CalibrationSettings> settings(CalibrationSettings usual = {}) const;
};

void addModel(CLI::App& command, std::string& model);
void addThreads(CLI::App& command, int& threads);
void addSeed(CLI::App& command, std::uint64_t& seed);
/// What runs may leave in memory for later ones, in MiB.
void addReuse(CLI::App& command, std::uint64_t& megabytes);
void addJson(CLI::App& command, bool& json);

/// Prints one JSON document on stdout; text that is not UTF-8 is repaired rather than refused.
void printJson(const Json& document);

} // namespace planish::cli
