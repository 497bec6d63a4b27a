// SPDX-License-Identifier: GPL-3.0-or-later
#include "experiment/run_executor.h"

#include "evaluation/corpus.h"
#include "support/sha256.h"
#include "support/system.h"

#include <fmt/format.h>

#include <chrono>
#include <filesystem>
#include <map>

namespace planish {
namespace {

using Clock = std::chrono::steady_clock;

double secondsSince(Clock::time_point start) {
    return std::chrono::duration<double>(Clock::now() - start).count();
}

std::string shellQuoted(const std::string& text) {
    std::string quoted = "'";
    for (const char c : text) {
        quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
    }
    return quoted + "'";
}

/// The command line that repeats a run.
std::string repeatCommand(const RunSpec& spec, const EvaluationSettings& settings) {
    const bool uniform =
        spec.recipe.rules.size() == 2 && spec.recipe == Recipe::uniform(spec.recipe.rules[0].codec);
    std::string command =
        fmt::format("planish-cli run {} {} {} --text {} --convention {} --context {} --windows {} --seed {}",
                    shellQuoted(spec.model), uniform ? "--codec" : "--recipe",
                    shellQuoted(uniform ? spec.recipe.rules[0].codec : spec.recipe.toJson().dump()),
                    shellQuoted(spec.corpus), conventionName(settings.convention), settings.context,
                    settings.windows, spec.seed);
    if (settings.convention == Convention::strided) {
        command += fmt::format(" --stride {}", settings.stride);
    }
    return command;
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
        const auto key = std::make_pair(model.folder().string(), corpus.sha256);
        auto it = texts_.find(key);
        if (it == texts_.end()) {
            const Tokenizer tokenizer = Tokenizer::open(model.folder());
            Text text{corpus.name, corpus.sha256, tokenizer.encode(corpus.text), tokenizer.beginToken()};
            it = texts_.emplace(key, std::move(text)).first;
        }
        it->second.name = corpus.name;
        return it->second;
    }

    /// The unquantized model's final hidden states on a plan; null when they are over the budget.
    std::shared_ptr<const HiddenStates> baseline(const Prepared& prepared, Workers& workers,
                                                 JobMonitor& monitor) {
        const EvaluationSettings& settings = prepared.settings;
        const std::string key = fmt::format("{} {} {} {} {} {}", prepared.model.folder().string(),
                                            prepared.corpusSha256, conventionName(settings.convention),
                                            settings.context, prepared.plan.windows, settings.stride);
        if (key != baselineKey_) {
            baseline_.reset();
            baselineKey_.clear();
            baseline_ = finalHiddenStates(OriginalWeights(prepared.model), prepared.plan, workers, monitor);
            baselineKey_ = key;
        }
        return baseline_;
    }

  private:
    std::map<std::string, Model> models_;
    std::map<std::pair<std::string, std::string>, Text> texts_;
    std::string baselineKey_;
    std::shared_ptr<const HiddenStates> baseline_;
};

RunExecutor::RunExecutor(Workers& workers) : workers_(workers), cache_(std::make_unique<Cache>()) {}

RunExecutor::~RunExecutor() = default;

RunExecutor::Prepared RunExecutor::prepare(const std::string& modelName, const std::string& corpus,
                                           const EvaluationSettings& settings) {
    const Model& model = cache_->model(modelName);
    const EvaluationSettings resolved = resolveSettings(settings, model.config());
    const Cache::Text& text = cache_->text(model, corpus);
    return {model, text.name, text.sha256, resolved, planWindows(text.ids, resolved, text.beginToken)};
}

std::string RunExecutor::identify(const RunSpec& spec, const Prepared& prepared,
                                  const std::vector<Codec>& codecs, JobMonitor& monitor) {
    Json identity;
    identity["model"] = prepared.model.fingerprint(workers_, monitor);
    identity["corpus"] = prepared.corpusSha256;
    identity["convention"] = conventionName(prepared.settings.convention);
    identity["context"] = prepared.settings.context;
    identity["windows"] = prepared.plan.windows;
    identity["stride"] = prepared.settings.stride;
    identity["seed"] = spec.seed;
    for (const Codec& codec : codecs) {
        identity["codecs"].push_back(codec.name());
    }
    return sha256Hex(identity.dump()).substr(0, 16);
}

std::string RunExecutor::identify(const RunSpec& spec, JobMonitor& monitor) {
    const Prepared prepared = prepare(spec.model, spec.corpus, spec.evaluation);
    return identify(spec, prepared,
                    resolve(spec.recipe, prepared.model.tensors(), prepared.model.config().tiedEmbedding),
                    monitor);
}

RunRecord RunExecutor::execute(const RunSpec& spec, JobMonitor& monitor) {
    monitor.report({"read", 0, 0, spec.model});
    const Prepared prepared = prepare(spec.model, spec.corpus, spec.evaluation);
    const Model& model = prepared.model;
    const std::vector<Codec> codecs = resolve(spec.recipe, model.tensors(), model.config().tiedEmbedding);

    RunRecord record;
    record.id = identify(spec, prepared, codecs, monitor);
    record.name = spec.recipe.name;
    record.application = applicationVersion();
    record.machine = machineDescription();
    record.command = repeatCommand(spec, prepared.settings);
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
    record.recipe = spec.recipe;

    const Clock::time_point quantizeStart = Clock::now();
    PartMonitor quantizing(monitor, 0, 0.1, "quantize");
    const QuantizedModel quantized = quantizeModel(model, codecs, spec.seed, workers_, quantizing);
    record.quantizeSeconds = secondsSince(quantizeStart);
    record.tensors = quantized.tensors;
    fillSizes(record, codecs, model);

    PartMonitor baselineProgress(monitor, 0.1, 0.5, "baseline");
    const auto baseline = cache_->baseline(prepared, workers_, baselineProgress);

    const Clock::time_point evaluateStart = Clock::now();
    PartMonitor evaluating(monitor, baseline ? 0.5 : 0.1, 1, "evaluate");
    fillMeasurements(record,
                     evaluateAgainst(quantized.model, OriginalWeights(model), baseline, prepared.plan,
                                     workers_, evaluating),
                     prepared.plan);
    record.evaluateSeconds = secondsSince(evaluateStart);
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
    LossResult loss = evaluateLoss(OriginalWeights(prepared.model), prepared.plan, workers_, evaluating);
    return {prepared.model,  prepared.corpusName,      prepared.settings,
            std::move(loss), std::move(prepared.plan), secondsSince(start)};
}

} // namespace planish
