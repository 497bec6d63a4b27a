// SPDX-License-Identifier: GPL-3.0-or-later
#include "experiment/side_by_side.h"

#include "calibration/settings.h"
#include "evaluation/token_losses.h"
#include "experiment/run_executor.h"
#include "support/text.h"

#include <fmt/format.h>

#include <utility>

namespace planish {
namespace {

/// The characters that each token completes.
std::vector<std::string> texts(const Tokenizer& tokenizer, std::span<const TokenId> ids) {
    constexpr std::size_t longestCharacter = 4; // bytes of UTF-8
    std::vector<std::string> result;
    std::string pending;
    for (const TokenId id : ids) {
        pending += tokenizer.beginToken() == id ? std::string() : tokenizer.tokenBytes(id);
        const bool complete = isUtf8(pending) || pending.size() > longestCharacter;
        result.push_back(complete ? toValidUtf8(std::exchange(pending, {})) : std::string());
    }
    return result;
}

/// What is the same for all models.
struct Text {
    std::vector<TokenId> passage;
    std::vector<TokenId> prompt;
};

Text readText(const SideBySideSpec& spec, const Model& model, const Tokenizer& tokenizer) {
    Text text;
    if (!spec.passage.empty()) {
        text.passage = tokenizer.encode(spec.passage);
        if (const std::size_t most = model.config().maximumContext; text.passage.size() > most) {
            throw InputError("passage", "length", fmt::format("at most {} tokens", most),
                             fmt::format("{} tokens", text.passage.size()));
        }
    }
    if (!spec.prompt.empty()) {
        text.prompt = tokenizer.encode(spec.prompt);
    }
    return text;
}

} // namespace

SideBySideModel SideBySideModel::of(const RunRecord& run) {
    SideBySideModel model{run.name, run.recipe, run.seed, std::nullopt, Arithmetic::float32};
    if (run.arithmetic == arithmeticName(Arithmetic::bfloat16)) {
        model.arithmetic = Arithmetic::bfloat16;
    }
    if (!run.calibration.empty()) {
        CalibrationSettings settings{run.calibration, run.calibrationSamples, run.calibrationContext,
                                     parseCalibrationInputs(run.calibrationInputs)};
        if (!run.tokenWeights.empty()) {
            settings.tokens = parseTokenWeighting(run.tokenWeights);
        }
        if (run.trainingTokens > 0) {
            settings.trainingText = run.training;
            settings.trainingTokens = run.trainingTokens;
            settings.trainingRate = run.trainingRate;
        }
        model.calibration = settings;
    }
    return model;
}

SideBySide lookSideBySide(const SideBySideSpec& spec, Workers& workers, JobMonitor& monitor) {
    const Model model = Model::open(spec.model);
    if (!spec.fingerprint.empty() && model.fingerprint(workers, monitor) != spec.fingerprint) {
        throw InputError(spec.model, "model fingerprint", spec.fingerprint.substr(0, 12),
                         model.fingerprint(workers, monitor).substr(0, 12) +
                             ": the runs are of another model");
    }
    const Tokenizer tokenizer = Tokenizer::open(model.path());
    const Text text = readText(spec, model, tokenizer);
    SideBySide result;
    for (std::string& shown : texts(tokenizer, text.passage)) {
        result.tokens.push_back({std::move(shown), {}});
    }
    const auto read = [&](const std::string& name, const WeightSource& weights, JobMonitor& part) {
        result.names.push_back(name);
        PartMonitor scoring(part, 0, 0.3, "score", name);
        const std::vector<double> losses = tokenLosses(weights, text.passage, workers, scoring);
        for (std::size_t i = 0; i < losses.size(); ++i) {
            result.tokens[i].nll.push_back(losses[i]);
        }
        if (!text.prompt.empty()) {
            PartMonitor generating(part, 0.3, 1, "generate", name);
            const std::vector<TokenId> added =
                Generator(weights, workers)
                    .generate(text.prompt, spec.continuationSize, spec.sampling, generating, [](TokenId) {});
            result.continuations.push_back(tokenizer.decode(added));
        }
    };
    const auto all = static_cast<double>(spec.models.size() + 1);
    PartMonitor unquantized(monitor, 0, 1 / all);
    read("unquantized", OriginalWeights(model), unquantized);
    RunExecutor executor(workers, {0, false});
    for (std::size_t i = 0; i < spec.models.size(); ++i) {
        const SideBySideModel& chosen = spec.models[i];
        const auto place = static_cast<double>(i + 1);
        PartMonitor packing(monitor, place / all, (place + 0.5) / all);
        const QuantizedModel quantized = executor.quantize(spec.model, chosen.recipe, chosen.seed,
                                                           chosen.calibration, packing, chosen.arithmetic);
        PartMonitor reading(monitor, (place + 0.5) / all, (place + 1) / all);
        read(chosen.name, quantized.model, reading);
    }
    return result;
}

} // namespace planish
