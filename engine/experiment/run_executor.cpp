// SPDX-License-Identifier: GPL-3.0-or-later
#include "experiment/run_executor.h"

#include "calibration/overlap.h"
#include "evaluation/corpus.h"
#include "experiment/run_command.h"
#include "support/sha256.h"
#include "support/system.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <map>

namespace planish {
namespace {

using Clock = std::chrono::steady_clock;

double secondsSince(Clock::time_point start) {
    return std::chrono::duration<double>(Clock::now() - start).count();
}

/// What a run is calibrated on: as asked for, or as usual when a codec cannot do without; nothing when no
/// codec uses it.
std::optional<CalibrationSettings> calibrationFor(const std::optional<CalibrationSettings>& wanted,
                                                  const std::vector<Codec>& codecs) {
    auto use = CalibrationUse::none;
    for (const Codec& codec : codecs) {
        use = std::max(use, codec.calibration());
    }
    if (use == CalibrationUse::none) {
        return std::nullopt;
    }
    return use == CalibrationUse::required ? wanted.value_or(CalibrationSettings()) : wanted;
}

void fillSizes(RunRecord& record, const std::vector<Codec>& codecs, const Model& model) {
    RecipeSize size;
    for (std::size_t i = 0; i < codecs.size(); ++i) {
        const TensorInfo& tensor = model.tensors()[i];
        size.totalBytes += record.tensors[i].bytes;
        size.totalWeights += tensor.count();
        if (isDecoderLinear(tensor.role)) {
            size.decoderBytes += record.tensors[i].bytes;
            size.decoderWeights += tensor.count();
        }
    }
    record.packedBytes = size.totalBytes;
    record.bitsPerWeight = size.bitsPerWeight();
    record.compression = size.compression();
    record.wholeModelCompressionFp32 = size.wholeModelCompressionFp32();
    record.wholeModelCompressionBf16 = size.wholeModelCompressionBf16();
}

void fillMeasurements(RunRecord& record, const ComparisonResult& result, const WindowPlan& plan) {
    record.tokensScored = plan.tokensScored();
    record.windows = plan.windows;
    record.nllSum = result.loss.nllSum;
    record.ppl = perplexity(result.loss.nllSum, plan.tokensScored());
    record.baselineNllSum = result.baseline.nllSum;
    record.baselinePpl = perplexity(result.baseline.nllSum, plan.tokensScored());
    const PerplexityDelta delta =
        perplexityDelta(result.loss.windowNll, result.baseline.windowNll, plan.targetsPerWindow());
    record.deltaPplPercent = delta.percent;
    record.deltaStandardErrorPercent = delta.standardErrorPercent;
    record.kldMean = result.divergence.mean;
    record.kldMedian = result.divergence.median;
    record.kldP99 = result.divergence.p99;
    record.kldMax = result.divergence.maximum;
    record.top1Agreement = result.top1Agreement;
    record.windowNll = result.loss.windowNll;
    record.baselineWindowNll = result.baseline.windowNll;
}

/// How much of a run's time quantization takes.
double quantizedShare(const RunEstimate& estimate) {
    double seconds = 0;
    for (const EstimateTerm& term : estimate.time) {
        const bool packing = term.name == "calibrate" || term.name == "quantize" || term.name == "train";
        seconds += packing ? term.value : 0;
    }
    return seconds / estimate.seconds();
}

/// Whether a quantized model begins with blocks of the unquantized one.
bool leavesBlocks(const PackedModel& model) {
    const auto unchanged = [&](const TensorInfo& tensor) {
        const bool first = tensor.role == Role::embedding || tensor.name.starts_with("model.layers.0.");
        return !first || model.identity(tensor).empty();
    };
    return std::all_of(model.model().tensors().begin(), model.model().tensors().end(), unchanged);
}

/// Names what the run was calibrated and trained on and warns of text that is in both.
void fillCalibration(RunRecord& record, const CalibrationPlan& calibration,
                     const std::optional<TrainingPlan>& training, const WindowPlan& evaluation) {
    record.calibration = calibration.text;
    record.calibrationSha256 = calibration.sha256;
    record.calibrationSamples = calibration.samples.windows;
    record.calibrationContext = calibration.samples.context;
    record.calibrationInputs = calibrationInputsName(calibration.inputs);
    record.tokenWeights = tokenWeightingName(calibration.tokens);
    constexpr double boilerplate = 0.001;
    if (training) {
        record.training = training->text;
        record.trainingSha256 = training->sha256;
        record.trainingTokens = training->tokens();
        record.trainingRate = training->rate;
    }
    const auto warnOf = [&](const WindowPlan& seen, const char* what) {
        const double shared = overlap(seen.tokens, seen.context, evaluation.tokens, evaluation.context);
        if (shared > boilerplate) {
            record.warnings.push_back(fmt::format(
                "{:.1f} % of the evaluated text is in the {} text too (runs of {} tokens): the result is "
                "better than it would be on other text",
                100 * shared, what, overlapRun));
        }
    };
    warnOf(calibration.samples, "calibration");
    if (training) {
        warnOf(training->windows, "training");
    }
}

} // namespace

/// What a run reads: shared between runs of the same model and text.
struct RunExecutor::Prepared {
    Model model;
    std::string corpusName;
    std::string corpusSha256;
    EvaluationSettings settings; ///< resolved
    WindowPlan plan;
};

class RunExecutor::Cache {
  public:
    const Model& model(const std::string& name) {
        const auto it = models_.find(name);
        return it != models_.end() ? it->second : models_.emplace(name, Model::open(name)).first->second;
    }

    struct Text {
        std::string name;
        std::string sha256;
        std::vector<TokenId> ids;
        std::optional<TokenId> beginToken;
    };

    /// The tokenized text. A file may change between runs, so it is read and hashed each time and only its
    /// tokens kept.
    const Text& text(const Model& model, const std::string& nameOrPath) {
        const Corpus corpus = Corpus::open(nameOrPath);
        const auto key = std::make_pair(model.path().string(), corpus.sha256);
        auto it = texts_.find(key);
        if (it == texts_.end()) {
            const Tokenizer tokenizer = Tokenizer::open(model.path());
            Text text{corpus.name, corpus.sha256, tokenizer.encode(corpus.text), tokenizer.beginToken()};
            it = texts_.emplace(key, std::move(text)).first;
        }
        it->second.name = corpus.name;
        return it->second;
    }

  private:
    std::map<std::string, Model> models_;
    std::map<std::pair<std::string, std::string>, Text> texts_;
};

/// The codecs of all tensors and what they are calibrated on.
struct RunExecutor::Quantization {
    std::vector<Codec> codecs;
    std::optional<CalibrationPlan> calibration;
    std::optional<TrainingPlan> training;
    std::optional<CalibrationSettings> settings; ///< of both, resolved
};

RunExecutor::RunExecutor(Workers& workers, Reuse reuse, Caches caches)
    : workers_(workers),
      caches_(std::move(caches)),
      cache_(std::make_unique<Cache>()),
      reuse_(reuse),
      states_(reuse.bytes),
      speed_(workers) {}

RunExecutor::~RunExecutor() = default;

RunExecutor::Prepared RunExecutor::prepare(const std::string& modelName, const std::string& corpus,
                                           const EvaluationSettings& settings) {
    const Model& model = cache_->model(modelName);
    const EvaluationSettings resolved = resolveSettings(settings, model.config());
    const Cache::Text& text = cache_->text(model, corpus);
    return {model, text.name, text.sha256, resolved, planWindows(text.ids, resolved, text.beginToken)};
}

void RunExecutor::forgetOtherPlans(const Prepared& prepared) {
    const EvaluationSettings& settings = prepared.settings;
    std::string plan = fmt::format("{} {} {} {} {} {} {}", prepared.model.path().string(),
                                   prepared.corpusSha256, conventionName(settings.convention),
                                   settings.context, prepared.plan.windows, settings.stride, settings.exact);
    if (plan != plan_) {
        states_.clear();
        plan_ = std::move(plan);
    }
}

RunExecutor::Quantization
RunExecutor::planQuantization(const Model& model, const Recipe& recipe,
                              const std::optional<CalibrationSettings>& calibration) {
    Quantization quantization{resolve(recipe, model.tensors(), model.config().tiedEmbedding), {}, {}, {}};
    quantization.settings = calibrationFor(calibration, quantization.codecs);
    if (auto& settings = quantization.settings) {
        const Cache::Text& text = cache_->text(model, settings->text);
        quantization.calibration = planCalibration(*settings, model, text.name, text.sha256, text.ids);
        settings->context = quantization.calibration->samples.context;
        if (asksForTraining(quantization.codecs)) {
            settings->trainingText = settings->trainingText.empty() ? settings->text : settings->trainingText;
            const Cache::Text& training = cache_->text(model, settings->trainingText);
            quantization.training =
                planTraining(*settings, model, training.name, training.sha256, training.ids);
            settings->trainingTokens = quantization.training->tokens();
        }
    }
    return quantization;
}

std::string RunExecutor::identify(const RunSpec& spec, const Prepared& prepared,
                                  const Quantization& quantization, JobMonitor& monitor) {
    Json identity;
    identity["model"] = prepared.model.fingerprint(workers_, monitor);
    identity["corpus"] = prepared.corpusSha256;
    identity["convention"] = conventionName(prepared.settings.convention);
    identity["context"] = prepared.settings.context;
    identity["windows"] = prepared.plan.windows;
    identity["stride"] = prepared.settings.stride;
    identity["seed"] = spec.seed;
    if (prepared.settings.exact) {
        identity["exact"] = true;
    }
    for (const Codec& codec : quantization.codecs) {
        identity["codecs"].push_back(codec.name());
    }
    if (const auto& calibration = quantization.calibration) {
        identity["calibration"] = {{"text", calibration->sha256},
                                   {"samples", calibration->samples.windows},
                                   {"context", calibration->samples.context},
                                   {"inputs", calibrationInputsName(calibration->inputs)}};
        if (calibration->tokens != TokenWeighting::equal) { // runs of before keep their names
            identity["calibration"]["token_weights"] = tokenWeightingName(calibration->tokens);
        }
    }
    if (const auto& training = quantization.training) {
        identity["training"] = {
            {"text", training->sha256}, {"tokens", training->tokens()}, {"rate", training->rate}};
    }
    return sha256Hex(identity.dump()).substr(0, 16);
}

std::string RunExecutor::identify(const RunSpec& spec, JobMonitor& monitor) {
    const Prepared prepared = prepare(spec.model, spec.corpus, spec.evaluation);
    return identify(spec, prepared, planQuantization(prepared.model, spec.recipe, spec.calibration), monitor);
}

RunEstimate RunExecutor::estimate(const Prepared& prepared, const Quantization& quantization) {
    return estimateRun({prepared.model, prepared.plan, arithmeticFor(prepared.settings), &quantization.codecs,
                        quantization.calibration ? &*quantization.calibration : nullptr,
                        quantization.training ? &*quantization.training : nullptr,
                        reuse_.betweenRuns ? reuse_.bytes : 0, reuse_.betweenRuns},
                       speed_);
}

RunEstimate RunExecutor::estimate(const RunSpec& spec) {
    const Prepared prepared = prepare(spec.model, spec.corpus, spec.evaluation);
    return estimate(prepared, planQuantization(prepared.model, spec.recipe, spec.calibration));
}

RunEstimate RunExecutor::estimateBaseline(const std::string& model, const std::string& corpus,
                                          const EvaluationSettings& settings) {
    const Prepared prepared = prepare(model, corpus, settings);
    const Arithmetic arithmetic = arithmeticFor(prepared.settings);
    return estimateRun({prepared.model, prepared.plan, arithmetic}, speed_);
}

QuantizedModel RunExecutor::quantize(const std::string& model, const Recipe& recipe, std::uint64_t seed,
                                     const std::optional<CalibrationSettings>& calibration,
                                     JobMonitor& monitor, Arithmetic arithmetic) {
    const Model& opened = cache_->model(model);
    const Quantization plan = planQuantization(opened, recipe, calibration);
    return pack(opened, plan, seed, arithmetic, nullptr, monitor);
}

QuantizedModel RunExecutor::pack(const Model& model, const Quantization& plan, std::uint64_t seed,
                                 Arithmetic arithmetic, StateCache* states, JobMonitor& monitor) {
    const QuantizeSettings settings{
        plan.codecs,         seed,       plan.calibration ? &*plan.calibration : nullptr,
        &caches_.statistics, arithmetic, states};
    return plan.training
               ? quantizeTrained(model, settings, *plan.training, &caches_.trainings, workers_, monitor)
               : quantizeModel(model, settings, workers_, monitor);
}

RunRecord RunExecutor::execute(const RunSpec& spec, JobMonitor& monitor) {
    monitor.report({"read", 0, 0, spec.model});
    const Prepared prepared = prepare(spec.model, spec.corpus, spec.evaluation);
    const Model& model = prepared.model;
    const Quantization quantization = planQuantization(model, spec.recipe, spec.calibration);
    const std::optional<CalibrationPlan>& calibration = quantization.calibration;
    const Arithmetic arithmetic = arithmeticFor(prepared.settings);

    forgetOtherPlans(prepared);
    const ReuseCount before = states_.count();

    RunRecord record;
    record.id = identify(spec, prepared, quantization, monitor);
    record.name = spec.recipe.name;
    record.application = applicationVersion();
    record.machine = machineDescription();
    record.command = repeatCommand(
        {spec.model, spec.recipe, spec.corpus, prepared.settings, spec.seed, quantization.settings},
        quantization.training.has_value());
    record.model = model.name();
    record.modelFingerprint = model.fingerprint(workers_, monitor);
    record.parameters = model.parameterCount();
    record.corpus = prepared.corpusName;
    record.corpusSha256 = prepared.corpusSha256;
    record.convention = conventionName(prepared.settings.convention);
    record.context = prepared.settings.context;
    record.stride = prepared.settings.stride;
    record.seed = spec.seed;
    record.threads = static_cast<std::uint64_t>(workers_.threads());
    record.arithmetic = arithmeticName(arithmetic);
    record.recipe = spec.recipe;

    const Clock::time_point quantizeStart = Clock::now();
    const double quantized = quantizedShare(estimate(prepared, quantization));
    PartMonitor quantizing(monitor, 0, quantized);
    const QuantizedModel result =
        pack(model, quantization, spec.seed, arithmetic, reuse_.betweenRuns ? &states_ : nullptr, quantizing);
    record.quantizeSeconds = secondsSince(quantizeStart);
    record.calibrateSeconds = result.calibrateSeconds;
    record.tensors = result.tensors;
    record.warnings = result.warnings;
    record.trainingLoss = result.trainingLoss;
    fillSizes(record, quantization.codecs, model);
    if (calibration) {
        fillCalibration(record, *calibration, quantization.training, prepared.plan);
    }

    const Clock::time_point evaluateStart = Clock::now();
    PartMonitor evaluating(monitor, quantized, 1);
    const ComparisonResult comparison =
        evaluateAgainst(result.model, OriginalWeights(model), prepared.plan, workers_, evaluating,
                        {arithmetic, reuse_.betweenRuns || leavesBlocks(result.model) ? &states_ : nullptr,
                         reuse_.betweenRuns});
    fillMeasurements(record, comparison, prepared.plan);
    record.evaluateSeconds = secondsSince(evaluateStart) - comparison.baselineSeconds;
    record.reusedFraction = states_.count().since(before).hitRate();
    record.tokensPerSecond = static_cast<double>(prepared.plan.tokens.size()) / record.evaluateSeconds;
    record.peakMemoryBytes = peakMemoryBytes();
    record.created = currentTime();
    return record;
}

BaselineResult RunExecutor::evaluateBaseline(const std::string& model, const std::string& corpus,
                                             const EvaluationSettings& settings, JobMonitor& monitor) {
    const Clock::time_point start = Clock::now();
    Prepared prepared = prepare(model, corpus, settings);
    PartMonitor evaluating(monitor, 0, 1, "evaluate");
    LossResult loss = evaluateLoss(OriginalWeights(prepared.model), prepared.plan, workers_, evaluating,
                                   {.arithmetic = arithmeticFor(prepared.settings)});
    return {prepared.model,  prepared.corpusName,      prepared.settings,
            std::move(loss), std::move(prepared.plan), secondsSince(start)};
}

} // namespace planish
