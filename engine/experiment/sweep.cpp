// SPDX-License-Identifier: GPL-3.0-or-later
#include "experiment/sweep.h"

#include "codec/codec.h"
#include "recipe/open_recipe.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

namespace planish {
namespace {

constexpr std::int64_t largestCount = std::int64_t{1} << 40;

/// A field that holds a positive number or a list of them; `fallback` when it is not there.
std::vector<std::size_t> counts(const JsonObject& object, const std::string& key, std::size_t fallback) {
    if (!object.has(key) || !object.at(key).is_array()) {
        return {static_cast<std::size_t>(
            object.integer(key, 1, largestCount, static_cast<std::int64_t>(fallback)))};
    }
    std::vector<std::size_t> result;
    for (const Json& item : object.array(key)) {
        if (!item.is_number_integer() || item < 1 || item > largestCount) {
            throw InputError(object.source(), fmt::format("{}[{}]", key, result.size()),
                             "a positive whole number", item.dump());
        }
        result.push_back(item.get<std::size_t>());
    }
    if (result.empty()) {
        throw InputError(object.source(), key, "at least one", "an empty list");
    }
    return result;
}

/// A field that holds one string or a list of them.
std::vector<std::string> strings(const JsonObject& object, const std::string& key) {
    const Json& value = object.at(key);
    if (value.is_string()) {
        return {value.get<std::string>()};
    }
    std::vector<std::string> result;
    for (const Json& item : object.array(key)) {
        if (!item.is_string()) {
            throw InputError(object.source(), fmt::format("{}[{}]", key, result.size()), "a string",
                             item.dump());
        }
        result.push_back(item.get<std::string>());
    }
    if (result.empty()) {
        throw InputError(object.source(), key, "at least one", "an empty list");
    }
    return result;
}

std::size_t count(const JsonObject& object, const std::string& key) {
    return static_cast<std::size_t>(object.integer(key, 0, largestCount, 0));
}

/// Calibration of a sweep, if one of its fields is there.
void readCalibration(const JsonObject& object, SweepSpec& spec) {
    const auto& fields = {"calibration",   "samples",  "calibration_context", "calibration_inputs",
                          "token_weights", "training", "training_tokens",     "training_rate"};
    if (std::none_of(fields.begin(), fields.end(), [&](const char* key) { return object.has(key); })) {
        return;
    }
    CalibrationSettings settings;
    settings.text = object.string("calibration", settings.text);
    settings.context = count(object, "calibration_context");
    if (object.has("calibration_inputs")) {
        settings.inputs = parseCalibrationInputs(object.string("calibration_inputs"));
    }
    if (object.has("token_weights")) {
        settings.tokens = parseTokenWeighting(object.string("token_weights"));
    }
    settings.trainingText = object.string("training", settings.trainingText);
    if (object.has("training_tokens")) {
        settings.trainingTokens = static_cast<std::size_t>(
            object.integer("training_tokens", 1, static_cast<std::int64_t>(mostTrainingTokens)));
    }
    if (object.has("training_rate")) {
        settings.trainingRate =
            checkedTrainingRate(object.number("training_rate"), object.source(), "training_rate");
    }
    spec.samples = counts(object, "samples", settings.samples);
    settings.samples = spec.samples.front();
    spec.calibration = settings;
}

/// Whether statistics of inputs make a difference to a recipe.
bool usesCalibration(const Recipe& recipe) {
    const auto uses = [](const std::string& codec) {
        return Codec::parse(codec).calibration() != CalibrationUse::none;
    };
    return uses(recipe.defaultCodec) || std::any_of(recipe.rules.begin(), recipe.rules.end(),
                                                    [&](const RecipeRule& rule) { return uses(rule.codec); });
}

bool trains(const Recipe& recipe) {
    return std::any_of(recipe.rules.begin(), recipe.rules.end(),
                       [](const RecipeRule& rule) { return Codec::parse(rule.codec).demands().training(); });
}

bool packAlike(const RunSpec& a, const RunSpec& b) {
    return a.model == b.model && a.recipe.rules == b.recipe.rules &&
           a.recipe.defaultCodec == b.recipe.defaultCodec && a.seed == b.seed &&
           a.calibration == b.calibration;
}

/// The share of the whole at which each run begins, and 1. All count the same but those of a training that
/// another run has had before.
std::vector<double> beginnings(const std::vector<RunSpec>& runs) {
    constexpr double trainedBefore = 0.02;
    std::vector<double> begins{0};
    std::vector<const RunSpec*> trained;
    for (const RunSpec& run : runs) {
        double share = 1;
        if (trains(run.recipe)) {
            const bool known = std::any_of(trained.begin(), trained.end(),
                                           [&](const RunSpec* other) { return packAlike(*other, run); });
            share = known ? trainedBefore : 1;
            trained.push_back(&run);
        }
        begins.push_back(begins.back() + share);
    }
    const double all = begins.back();
    for (double& begin : begins) {
        begin /= all; // of no runs 0 / 0, which nobody reads
    }
    return begins;
}

} // namespace

SweepSpec SweepSpec::fromJson(const Json& document, const std::string& source, const std::string& folder) {
    const JsonObject object(document, source);
    object.allowOnly({"schema",
                      "name",
                      "models",
                      "texts",
                      "codecs",
                      "recipes",
                      "convention",
                      "context",
                      "windows",
                      "stride",
                      "exact",
                      "seed",
                      "calibration",
                      "samples",
                      "calibration_context",
                      "calibration_inputs",
                      "token_weights",
                      "training",
                      "training_tokens",
                      "training_rate"});
    if (const std::string schema = object.string("schema"); schema != "planish.sweep/1") {
        throw InputError(source, "schema", "planish.sweep/1", schema);
    }
    SweepSpec spec;
    spec.name = object.string("name", std::filesystem::path(source).stem().string());
    spec.models = strings(object, "models");
    spec.corpora = strings(object, "texts");
    if (object.has("codecs")) {
        for (const std::string& codec : strings(object, "codecs")) {
            spec.recipes.push_back(Recipe::uniform(codec));
        }
    }
    if (object.has("recipes")) {
        for (const Json& item : object.array("recipes")) {
            spec.recipes.push_back(
                item.is_string()
                    ? openRecipe(item.get<std::string>(), folder)
                    : Recipe::fromJson(item, fmt::format("{}: recipe {}", source, spec.recipes.size())));
        }
    }
    if (spec.recipes.empty()) {
        throw InputError(source, "codecs", "at least one codec or recipe", "none");
    }
    spec.evaluation.convention = parseConvention(object.string("convention", "standard"));
    spec.evaluation.context = count(object, "context");
    spec.evaluation.windows = count(object, "windows");
    spec.evaluation.stride = count(object, "stride");
    spec.evaluation.exact = object.boolean("exact", false);
    spec.seed = count(object, "seed");
    readCalibration(object, spec);
    return spec;
}

SweepSpec SweepSpec::fromFile(const std::string& path) {
    return fromJson(parseJsonFile(path, std::uint64_t{64} << 20), path,
                    std::filesystem::path(path).parent_path().string());
}

Json SweepSpec::toJson() const {
    Json document;
    document["schema"] = "planish.sweep/1";
    document["name"] = name;
    document["models"] = models;
    document["texts"] = corpora;
    for (const Recipe& recipe : recipes) {
        document["recipes"].push_back(recipe.toJson());
    }
    document["convention"] = conventionName(evaluation.convention);
    document["context"] = evaluation.context;
    document["windows"] = evaluation.windows;
    document["stride"] = evaluation.stride;
    document["exact"] = evaluation.exact;
    document["seed"] = seed;
    if (calibration) {
        document["calibration"] = calibration->text;
        document["samples"] = samples;
        document["calibration_context"] = calibration->context;
        document["calibration_inputs"] = calibrationInputsName(calibration->inputs);
        document["token_weights"] = tokenWeightingName(calibration->tokens);
        document["training"] = calibration->trainingText;
        document["training_tokens"] = calibration->trainingTokens;
        document["training_rate"] = calibration->trainingRate;
    }
    return document;
}

std::vector<RunSpec> SweepSpec::runs() const {
    std::vector<RunSpec> result;
    for (const std::string& model : models) {
        for (const std::string& corpus : corpora) {
            for (const Recipe& recipe : recipes) {
                const RunSpec run{model, recipe, corpus, evaluation, seed};
                if (!calibration || !usesCalibration(recipe)) {
                    result.push_back(run);
                    continue;
                }
                for (const std::size_t count : samples) {
                    result.push_back(run);
                    result.back().calibration = calibration;
                    result.back().calibration->samples = count;
                }
            }
        }
    }
    return result;
}

std::vector<SweepOutcome> runSweep(const std::vector<RunSpec>& runs, const std::set<std::string>& recorded,
                                   RunExecutor& executor, JobMonitor& monitor,
                                   const std::function<void(const RunRecord&)>& finished) {
    std::vector<SweepOutcome> outcomes;
    std::set<std::string> known = recorded;
    const std::vector<double> begins = beginnings(runs);
    for (std::size_t i = 0; i < runs.size(); ++i) {
        monitor.throwIfCancelled();
        PartMonitor part(monitor, begins[i], begins[i + 1],
                         fmt::format("run {} of {}: {}", i + 1, runs.size(), runs[i].recipe.name));
        SweepOutcome outcome;
        outcome.index = i;
        std::optional<RunRecord> record;
        try {
            outcome.id = executor.identify(runs[i], part);
            outcome.alreadyRecorded = known.contains(outcome.id);
            if (!outcome.alreadyRecorded) {
                record = executor.execute(runs[i], part);
            }
        } catch (const Cancelled&) {
            throw;
        } catch (const Error& error) {
            outcome.error = error.what();
        }
        // Outside the try: a record that cannot be kept ends the sweep, as the next ones could not be kept
        // either.
        if (record) {
            finished(*record);
            known.insert(outcome.id);
        }
        outcomes.push_back(std::move(outcome));
    }
    return outcomes;
}

} // namespace planish
