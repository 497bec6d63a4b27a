// SPDX-License-Identifier: GPL-3.0-or-later
#include "cli/arguments.h"

#include "recipe/open_recipe.h"

#include <fmt/format.h>

namespace planish::cli {

void EvaluationArguments::addTo(CLI::App& command) {
    const CLI::Range count(1, 1'000'000'000); // a negative number would otherwise wrap around
    command
        .add_option("--text", text,
                    "UTF-8 file, FILE.jsonl:FIELD, or a bundled text: literature, docs, calibration")
        ->capture_default_str();
    command.add_option("--convention", convention, "standard, strided or llama.cpp")->capture_default_str();
    command.add_option("--context", context, "tokens a window (default: the model's maximum, at most 2048)")
        ->check(count);
    command.add_option("--windows", windows, "evaluate the first N windows (default: all of the text)")
        ->check(count);
    command
        .add_option("--stride", stride,
                    "scored tokens a window, strided convention (default: half the context)")
        ->check(count);
    command.add_flag("--exact", exact, "products in fp32 also where the CPU multiplies bf16 faster");
}

EvaluationSettings EvaluationArguments::settings() const {
    return {parseConvention(convention), context, windows, stride, exact};
}

void RecipeArguments::addTo(CLI::App& command) {
    auto* recipeOption =
        command.add_option("--recipe", recipe, "recipe: a file, a preset's name, or inline JSON");
    command.add_option("--codec", codec, "one codec for all attention and MLP weights, such as int4:g64+mse")
        ->excludes(recipeOption);
}

Recipe RecipeArguments::open() const {
    if (!given()) {
        throw InputError("command line", "--recipe", "--recipe or --codec", "neither");
    }
    return codec.empty() ? openRecipe(recipe) : Recipe::uniform(codec);
}

void CalibrationArguments::addTo(CLI::App& command) {
    const CalibrationSettings defaults;
    command.add_option("--calibration", text,
                       fmt::format("UTF-8 file, or a bundled text, to collect statistics of inputs from "
                                   "(default: {}, if a codec requires statistics)",
                                   defaults.text));
    command
        .add_option(
            "--samples", samples,
            fmt::format("the first N windows of the calibration text (default: {})", defaults.samples))
        ->check(CLI::Range(1, 1'000'000));
    command
        .add_option("--calibration-context", context,
                    "tokens a sample (default: the model's maximum, at most 2048)")
        ->check(CLI::Range(2, 1'000'000));
    command
        .add_option("--calibration-inputs", inputs,
                    "quantized: inputs of the model quantized so far (default); original: of the "
                    "unquantized model")
        ->check(CLI::IsMember({std::string(calibrationInputsName(CalibrationInputs::quantized)),
                               std::string(calibrationInputsName(CalibrationInputs::original))}));
    std::vector<std::string> weightings;
    for (const TokenWeighting weighting : tokenWeightings) {
        weightings.emplace_back(tokenWeightingName(weighting));
    }
    command
        .add_option("--token-weights", tokens,
                    "equal: all tokens count the same (default); gradient: by what errors cost at each, from "
                    "a backward pass of the unquantized model; kronecker: likewise, and +gptq makes up for "
                    "errors of outputs in related outputs")
        ->check(CLI::IsMember(weightings));
    command.add_option(
        "--training", trainingText,
        "UTF-8 file, or a bundled text, that +recover and +qat train on (default: the calibration text)");
    command
        .add_option(
            "--training-tokens", trainingTokens,
            fmt::format("tokens, from all over the text, that +recover and +qat train on (default: {})",
                        defaults.trainingTokens))
        ->check(CLI::Range(std::size_t{1}, mostTrainingTokens));
    command.add_option(
        "--training-rate", trainingRate,
        fmt::format("first steps of training, relative to the size of the weights (default: {})",
                    defaults.trainingRate));
}

std::optional<CalibrationSettings> CalibrationArguments::settings(CalibrationSettings usual) const {
    if (!text && !samples && !context && !inputs && !tokens && !trainingText && !trainingTokens &&
        !trainingRate) {
        return std::nullopt;
    }
    CalibrationSettings settings = std::move(usual);
    settings.text = text.value_or(settings.text);
    settings.samples = samples.value_or(settings.samples);
    settings.context = context.value_or(settings.context);
    if (inputs) {
        settings.inputs = parseCalibrationInputs(*inputs);
    }
    if (tokens) {
        settings.tokens = parseTokenWeighting(*tokens);
    }
    settings.trainingText = trainingText.value_or(settings.trainingText);
    settings.trainingTokens = trainingTokens.value_or(settings.trainingTokens);
    settings.trainingRate =
        checkedTrainingRate(trainingRate.value_or(settings.trainingRate), "command line", "--training-rate");
    return settings;
}

void addModel(CLI::App& command, std::string& model) {
    command
        .add_option("MODEL", model,
                    "Hugging Face folder, GGUF file, exported planish folder, or a bundled model: folio-4m, "
                    "folio-23m")
        ->required();
}

void addThreads(CLI::App& command, int& threads) {
    command.add_option("--threads", threads, "worker threads (default: one a core)")
        ->check(CLI::Range(1, 1024));
}

void addSeed(CLI::App& command, std::uint64_t& seed) {
    command.add_option("--seed", seed, "of everything random")->capture_default_str();
}

void addReuse(CLI::App& command, std::uint64_t& megabytes) {
    command
        .add_option("--reuse-memory", megabytes,
                    "MiB for hidden states and logits that later work can begin with; 0: none")
        ->check(CLI::Range(0, 1 << 24))
        ->capture_default_str();
}

void addJson(CLI::App& command, bool& json) {
    command.add_flag("--json", json, "print one JSON document on stdout");
}

void printJson(const Json& document) {
    fmt::print("{}\n", document.dump(2, ' ', false, Json::error_handler_t::replace));
}

} // namespace planish::cli
