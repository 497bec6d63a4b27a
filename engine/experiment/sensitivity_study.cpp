// SPDX-License-Identifier: GPL-3.0-or-later
#include "experiment/sensitivity_study.h"

#include "calibration/calibrator.h"
#include "evaluation/corpus.h"
#include "experiment/quantize.h"
#include "support/sha256.h"
#include "support/system.h"
#include "tokenizer/tokenizer.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>

namespace planish {
namespace {

using Clock = std::chrono::steady_clock;

struct Text {
    Corpus corpus;
    std::vector<TokenId> ids;
};

class Study {
  public:
    Study(const SensitivitySpec& spec, Workers& workers, JobMonitor& monitor)
        : spec_(spec),
          workers_(workers),
          monitor_(monitor),
          model_(Model::open(spec.model)),
          tokenizer_(Tokenizer::open(model_.path())),
          text_(open(spec.corpus)),
          settings_(resolved()),
          plan_(planWindows(text_.ids, settings_, tokenizer_.beginToken())) {}

    SensitivityRecord blank() {
        SensitivityRecord record;
        record.model = model_.name();
        record.modelFingerprint = model_.fingerprint(workers_, monitor_);
        record.corpus = text_.corpus.name;
        record.corpusSha256 = text_.corpus.sha256;
        record.context = plan_.context;
        record.windows = plan_.windows;
        record.seed = spec_.noise.seed;
        record.arithmetic = arithmeticName(arithmeticFor(settings_));
        record.noise = spec_.noise.relativeError;
        Json identity{{"model", record.modelFingerprint},
                      {"corpus", record.corpusSha256},
                      {"convention", conventionName(settings_.convention)},
                      {"context", record.context},
                      {"windows", record.windows},
                      {"stride", settings_.stride},
                      {"exact", settings_.exact},
                      {"seed", record.seed},
                      {"noise", record.noise},
                      {"precision", spec_.noise.precision},
                      {"repeats", {spec_.noise.leastRepeats, spec_.noise.mostRepeats}},
                      {"together", spec_.noise.together}};
        record.id = sha256Hex(identity.dump()).substr(0, 16);
        return record;
    }

    void measureNoise(SensitivityRecord& record, std::uint64_t reuseBytes, JobMonitor& monitor) {
        StateCache states(reuseBytes);
        record.sensitivity =
            measureSensitivity(model_, plan_, spec_.noise,
                               {.arithmetic = arithmeticFor(settings_), .cache = &states, .keepLogits = true},
                               workers_, monitor);
    }

    /// Codecs of the specification of which the record does not know all tensors.
    std::vector<Codec> unknownCodecs(const SensitivityRecord& record) const {
        std::vector<Codec> unknown;
        for (const std::string& name : spec_.codecs) {
            const Codec codec = Codec::parse(name);
            const auto known = [&](const TensorInfo& tensor) {
                return !wanted(tensor, codec) || record.cost(tensor.name, codec.name()) != nullptr;
            };
            const auto& tensors = model_.tensors();
            if (!std::all_of(tensors.begin(), tensors.end(), known)) {
                unknown.push_back(codec);
            }
        }
        return unknown;
    }

    std::optional<CalibrationPlan> calibrationPlan(const std::vector<Codec>& codecs) const {
        const bool required = std::any_of(codecs.begin(), codecs.end(), [](const Codec& codec) {
            return codec.calibration() == CalibrationUse::required;
        });
        if (!spec_.calibration && !required) {
            return std::nullopt;
        }
        CalibrationSettings settings = spec_.calibration.value_or(CalibrationSettings());
        settings.inputs = CalibrationInputs::original;
        const Text text = settings.text == spec_.corpus ? text_ : open(settings.text);
        return planCalibration(settings, model_, text.corpus.name, text.corpus.sha256, text.ids);
    }

    void measureCosts(SensitivityRecord& record, const Codec& codec, const CalibrationPlan* calibration,
                      StatisticsCache& statistics, JobMonitor& monitor) {
        std::vector<Codec> codecs;
        for (const TensorInfo& tensor : model_.tensors()) {
            codecs.push_back(wanted(tensor, codec) ? codecFor(codec, tensor)
                                                   : Codec::parse(exactCodec(tensor)));
        }
        QuantizeSettings settings{codecs, spec_.noise.seed, calibration, &statistics,
                                  arithmeticFor(settings_)};
        settings.measureOutputs = true;
        const QuantizedModel quantized = quantizeModel(model_, settings, workers_, monitor);
        for (std::size_t i = 0; i < codecs.size(); ++i) {
            if (wanted(model_.tensors()[i], codec)) {
                const TensorResult& result = quantized.tensors[i];
                std::erase_if(record.costs, [&](const CodecCost& cost) {
                    return cost.tensor == result.name && cost.codec == codec.name();
                });
                record.costs.push_back({result.name, codec.name(), result.bytes, result.equivalentNoise()});
            }
        }
    }

  private:
    Text open(const std::string& nameOrPath) const {
        Corpus corpus = Corpus::open(nameOrPath);
        std::vector<TokenId> ids = tokenizer_.encode(corpus.text);
        return {std::move(corpus), std::move(ids)};
    }

    EvaluationSettings resolved() const {
        EvaluationSettings settings = resolveSettings(spec_.evaluation, model_.config());
        if (settings.windows == 0) {
            settings.windows = std::min(usualStudyWindows, text_.ids.size() / settings.context);
        }
        return settings;
    }

    /// Whether the codec's error on the tensor is wanted.
    bool wanted(const TensorInfo& tensor, const Codec& codec) const {
        if (isDecoderLinear(tensor.role)) {
            return true;
        }
        return spec_.wholeModel && (tensor.role == Role::head || tensor.role == Role::embedding) &&
               !(tensor.role == Role::embedding && codec.calibration() == CalibrationUse::required);
    }

    const SensitivitySpec& spec_;
    Workers& workers_;
    JobMonitor& monitor_;
    Model model_;
    Tokenizer tokenizer_;
    Text text_;
    EvaluationSettings settings_; ///< resolved
    WindowPlan plan_;
};

/// Share of a study's time that the noise takes, about.
constexpr double noiseShare = 0.7;

std::string inWords(const std::optional<CalibrationPlan>& plan) {
    return plan ? fmt::format("{}, {} samples of {} tokens, {}", plan->text, plan->samples.windows,
                              plan->samples.context, plan->sha256.substr(0, 8))
                : "";
}

} // namespace

const CodecCost* SensitivityRecord::cost(const std::string& tensor, const std::string& codec) const {
    const auto found = std::find_if(costs.begin(), costs.end(), [&](const CodecCost& cost) {
        return cost.tensor == tensor && cost.codec == codec;
    });
    return found != costs.end() ? &*found : nullptr;
}

std::vector<std::string> SensitivityRecord::codecs() const {
    std::vector<std::string> names;
    for (const CodecCost& cost : costs) {
        if (std::find(names.begin(), names.end(), cost.codec) == names.end()) {
            names.push_back(cost.codec);
        }
    }
    return names;
}

std::string identifySensitivity(const SensitivitySpec& spec, Workers& workers, JobMonitor& monitor) {
    return Study(spec, workers, monitor).blank().id;
}

SensitivityRecord studySensitivity(const SensitivitySpec& spec, std::optional<SensitivityRecord> known,
                                   Workers& workers, StatisticsCache& statistics, std::uint64_t reuseBytes,
                                   JobMonitor& monitor) {
    const Clock::time_point start = Clock::now();
    Study study(spec, workers, monitor);
    SensitivityRecord record = study.blank();
    const bool measured = known && known->id == record.id;
    if (measured) {
        record = std::move(*known);
    } else {
        PartMonitor noise(monitor, 0, spec.codecs.empty() ? 1 : noiseShare, "noise");
        study.measureNoise(record, reuseBytes, noise);
    }
    const auto calibration = study.calibrationPlan(study.unknownCodecs(record));
    if (calibration && record.calibration != inWords(calibration)) {
        record.costs.clear(); // errors on other inputs are no choice beside these
        record.calibration = inWords(calibration);
    }
    const std::vector<Codec> codecs = study.unknownCodecs(record);
    const double begin = measured ? 0 : noiseShare;
    for (std::size_t i = 0; i < codecs.size(); ++i) {
        const auto at = [&](std::size_t done) {
            return begin + (1 - begin) * static_cast<double>(done) / static_cast<double>(codecs.size());
        };
        PartMonitor part(monitor, at(i), at(i + 1), "", codecs[i].name());
        study.measureCosts(record, codecs[i], calibration ? &*calibration : nullptr, statistics, part);
    }
    record.seconds += std::chrono::duration<double>(Clock::now() - start).count();
    record.application = applicationVersion();
    record.created = currentTime();
    return record;
}

std::optional<double> weightError(const Model& model, const TensorInfo& tensor, const Codec& codec,
                                  Workers& workers, JobMonitor& monitor) {
    std::optional<Codec> used = codecFor(codec, tensor).withoutTraining();
    if (used->calibration() == CalibrationUse::required) {
        used = used->withNearestRounding();
    }
    if (!used || used->calibration() == CalibrationUse::required) {
        return std::nullopt;
    }
    const Matrix weights = OriginalWeights(model).matrix(tensor, workers);
    const PackedTensor packed = used->encode(weights, {workers, monitor});
    return storageError(weights, *used, packed, workers).relative;
}

Json toJson(const SensitivityRecord& record) {
    const auto finite = [](double value) { return std::isfinite(value) ? Json(value) : Json(nullptr); };
    Json tensors = Json::array();
    for (const TensorSensitivity& tensor : record.sensitivity.tensors) {
        Json costs = Json::object();
        for (const CodecCost& cost : record.costs) {
            if (cost.tensor == tensor.name) {
                const double weights = static_cast<double>(tensor.rows * tensor.columns);
                costs[cost.codec] = {{"bits_per_weight", 8 * static_cast<double>(cost.bytes) / weights},
                                     {"bytes", cost.bytes},
                                     {"relative_error", finite(cost.error)},
                                     {"predicted_kld", finite(cost.error * tensor.divergence)}};
            }
        }
        tensors.push_back({{"name", tensor.name},
                           {"role", tensor.role},
                           {"rows", tensor.rows},
                           {"columns", tensor.columns},
                           {"kld_per_relative_error", finite(tensor.divergence)},
                           {"standard_error", finite(tensor.standardError)},
                           {"repeats", tensor.repeats},
                           {"codecs", std::move(costs)}});
    }
    return {{"sensitivity", record.id},
            {"created", record.created},
            {"application", record.application},
            {"model", record.model},
            {"corpus", record.corpus},
            {"context", record.context},
            {"windows", record.windows},
            {"seed", record.seed},
            {"arithmetic", record.arithmetic},
            {"noise_relative_error", record.noise},
            {"loss_per_kld", finite(record.sensitivity.lossPerDivergence)},
            {"loss_per_kld_standard_error", finite(record.sensitivity.lossPerDivergenceError)},
            {"kld_accumulation", record.sensitivity.accumulation},
            {"calibration", record.calibration},
            {"seconds", record.seconds},
            {"tensors", std::move(tensors)}};
}

} // namespace planish
