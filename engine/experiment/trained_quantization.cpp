// SPDX-License-Identifier: GPL-3.0-or-later
#include "experiment/trained_quantization.h"

#include "gradient/backward_pass.h"
#include "support/json.h"
#include "support/sha256.h"
#include "training/distillation.h"
#include "training/window_order.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <numeric>
#include <utility>

namespace planish {
namespace {

using Clock = std::chrono::steady_clock;

/// Linears in the order they are packed in: those first whose errors cost most, so that most is left to make
/// up for them.
constexpr std::array order{Role::down,   Role::gate, Role::up,   Role::value,
                           Role::output, Role::key,  Role::query};
constexpr std::size_t tokensAStep = 4096;
/// A stop costs no more than this of a training.
constexpr std::chrono::minutes checkpointEvery{2};

std::string digest(const std::vector<TokenId>& tokens) {
    return sha256Hex({reinterpret_cast<const char*>(tokens.data()), tokens.size() * sizeof(TokenId)});
}

class TrainedQuantizer {
  public:
    TrainedQuantizer(const Model& model, const QuantizeSettings& settings, const TrainingPlan& training,
                     TrainingCache* trainings, Workers& workers, JobMonitor& monitor)
        : settings_(settings),
          training_(training),
          trainings_(trainings),
          workers_(workers),
          monitor_(monitor),
          stop_(monitor),
          original_(model),
          student_(model, settings.codecs, workers) {
        requireFitting();
        stages_ = stages();
    }

    QuantizedModel run() {
        key_ = key();
        if (trainings_ != nullptr) {
            trainings_->restore(key_, student_, workers_);
        }
        if (std::any_of(state().tensors.begin(), state().tensors.end(),
                        [](const TensorInTraining& tensor) { return tensor.inTraining(); })) {
            trainAndPack();
        }
        return result();
    }

  private:
    const Model& model() const { return original_.model(); }
    const TensorInfo& tensor(std::size_t index) const { return model().tensors()[index]; }
    const Codec& codec(std::size_t index) const { return settings_.codecs[index]; }
    const TrainingState& state() const { return student_.state(); }

    void requireFitting() const {
        for (const Codec& codec : settings_.codecs) {
            const CodecDemands demands = codec.demands();
            if (demands.crossMoment || demands.scaledInputs || demands.fittedNorm) {
                throw InputError("recipe", codec.name(),
                                 "no :asymmetric, +awq:folded or +tune in a recipe with +qat, which trains "
                                 "norms and weights",
                                 "one of them");
            }
        }
    }

    /// Tensors that are packed together, in this order; the floats at the end.
    std::vector<std::vector<std::size_t>> stages() const {
        std::vector<std::vector<std::size_t>> all(order.size() + 2);
        for (std::size_t i = 0; i < settings_.codecs.size(); ++i) {
            const auto at = std::find(order.begin(), order.end(), tensor(i).role) - order.begin();
            const bool last = codec(i).isFloat();
            const bool first = !codec(i).demands().trained || at == std::ssize(order);
            all[last ? all.size() - 1 : first ? 0 : static_cast<std::size_t>(at) + 1].push_back(i);
        }
        std::vector<std::size_t> floats = std::move(all.back());
        all.pop_back();
        std::erase_if(all, [](const auto& stage) { return stage.empty(); });
        all.push_back(std::move(floats));
        return all;
    }

    void trainAndPack() {
        const std::size_t trained = stages_.size() - 1;
        for (std::size_t stage = 0; stage < stages_.size(); ++stage) {
            pack(stages_[stage]);
            if (stage < trained) {
                trainUntil(training_.steps * (stage + 1) / trained);
            }
        }
        student_.finish();
        if (trainings_ != nullptr) {
            trainings_->keep(key_, student_);
        }
    }

    /// In the order of the network, each with the statistics of what is packed before it.
    void pack(const std::vector<std::size_t>& tensors) {
        if (calibrator_) {
            calibrator_->restart();
        }
        std::optional<Place> last;
        std::optional<InputStatistics> inputs; ///< at `last`
        for (const std::size_t index : tensors) {
            if (state().tensors[index].packed) {
                continue;
            }
            monitor_.report({"quantize", state().steps, training_.steps, tensor(index).name});
            const auto place = placeOf(tensor(index), model().config());
            const bool calibrated = place && codec(index).calibration() != CalibrationUse::none;
            if (calibrated && place != last) {
                if (!calibrator_) {
                    calibrator_.emplace(*settings_.calibration, original_, student_, nullptr, workers_,
                                        settings_.arithmetic);
                }
                inputs = calibrator_->at(*place, false, "", "", stop_);
                last = place;
            }
            EncodeContext context{workers_, stop_, settings_.seed, calibrated ? &*inputs : nullptr};
            Matrix outputs;
            if (calibrated && codec(index).demands().relatedRows) {
                outputs = calibrator_->outputsOf(tensor(index), "", stop_);
                context.outputs = outputs.size() > 0 ? &outputs : nullptr;
            }
            student_.freeze(index,
                            encodeTensor(tensor(index), codec(index), state().tensors[index].values, context),
                            workers_);
        }
    }

    void trainUntil(std::size_t end) {
        if (state().steps >= end) {
            return;
        }
        const std::size_t context = training_.windows.context;
        Distillation distillation(original_, student_, context, workers_, settings_.arithmetic);
        std::vector<TokenId> tokens;
        while (state().steps < end) {
            tokens.clear();
            const std::size_t first = state().steps * training_.windowsAStep;
            for (const std::size_t window :
                 windowsInOrder(training_.windows.windows, first, training_.windowsAStep, settings_.seed)) {
                const auto begin =
                    training_.windows.tokens.begin() + static_cast<std::ptrdiff_t>(window * context);
                tokens.insert(tokens.end(), begin, begin + static_cast<std::ptrdiff_t>(context));
            }
            distillation.step(tokens, training_.windowsAStep, stepSize(), stop_);
            monitor_.report(
                {"train", state().steps, training_.steps, fmt::format("KLD {:.4f}", recentLoss())});
            if (trainings_ != nullptr && Clock::now() - kept_ > checkpointEvery) {
                trainings_->keep(key_, student_);
                kept_ = Clock::now();
            }
        }
    }

    /// The same until the last two fifths, in which it falls to nothing.
    double stepSize() const {
        constexpr double falling = 0.4;
        const double done = static_cast<double>(state().steps) / static_cast<double>(training_.steps);
        return training_.rate * std::min(1.0, (1 - done) / falling);
    }

    double recentLoss() const {
        constexpr std::size_t several = 8;
        const auto& losses = state().losses;
        const std::size_t count = std::min(several, losses.size());
        return std::accumulate(losses.end() - static_cast<std::ptrdiff_t>(count), losses.end(), 0.0) /
               static_cast<double>(count);
    }

    /// Names all that the result depends on.
    std::string key() {
        constexpr int how = 4; // to be raised when the same training gives another model
        Json key;
        key["how"] = how;
        key["model"] = model().fingerprint(workers_, monitor_);
        for (const Codec& codec : settings_.codecs) {
            key["codecs"].push_back(codec.name());
        }
        key["seed"] = settings_.seed;
        key["arithmetic"] = arithmeticName(settings_.arithmetic);
        key["samples"] = digest(settings_.calibration->samples.tokens);
        key["context"] = settings_.calibration->samples.context;
        key["inputs"] = calibrationInputsName(settings_.calibration->inputs);
        if (settings_.calibration->tokens != TokenWeighting::equal) {
            key["token_weights"] = tokenWeightingName(settings_.calibration->tokens);
        }
        key["training"] = digest(training_.windows.tokens);
        key["training_context"] = training_.windows.context;
        key["windows"] = training_.windowsAStep;
        key["steps"] = training_.steps;
        key["rate"] = training_.rate;
        return sha256Hex(key.dump());
    }

    QuantizedModel result() const {
        QuantizedModel result{PackedModel(model(), settings_.codecs),
                              {},
                              {},
                              calibrator_ ? calibrator_->seconds() : 0,
                              state().losses};
        for (std::size_t i = 0; i < settings_.codecs.size(); ++i) {
            const PackedTensor& packed = *state().tensors[i].packed;
            const StorageError error =
                storageError(original_.matrix(tensor(i), workers_), state().tensors[i].values);
            result.tensors.push_back({tensor(i).name, std::string(roleName(tensor(i).role)),
                                      tensor(i).shape.rows, tensor(i).shape.columns, codec(i).name(),
                                      packed.bytes.size(), packed.bitsPerWeight(), error.relative,
                                      error.sqnrDecibel});
            result.model.put(i, packed, error.relative == 0);
        }
        if (auto few = warningOfFewTokens(model(), calibrated(), settings_.calibration)) {
            result.warnings.push_back(std::move(*few));
        }
        return result;
    }

    /// Tensors that are packed with statistics of their inputs.
    std::vector<std::size_t> calibrated() const {
        std::vector<std::size_t> found;
        for (std::size_t i = 0; i < settings_.codecs.size(); ++i) {
            if (placeOf(tensor(i), model().config()) && codec(i).calibration() != CalibrationUse::none) {
                found.push_back(i);
            }
        }
        return found;
    }

    const QuantizeSettings& settings_;
    const TrainingPlan& training_;
    TrainingCache* trainings_;
    Workers& workers_;
    JobMonitor& monitor_;
    QuietMonitor stop_;
    OriginalWeights original_;
    ModelInTraining student_;
    std::vector<std::vector<std::size_t>> stages_;
    std::string key_;
    Clock::time_point kept_ = Clock::now();
    std::optional<Calibrator> calibrator_; ///< once something has been calibrated
};

} // namespace

TrainingPlan planTraining(const CalibrationSettings& settings, const Model& model, std::string text,
                          std::string sha256, std::span<const TokenId> ids) {
    requireGradients(model);
    const EvaluationSettings cut =
        resolveSettings({Convention::standard, settings.context, 0, 0}, model.config());
    TrainingPlan plan{std::move(text), std::move(sha256), planWindows(ids, cut, std::nullopt)};
    plan.rate = settings.trainingRate;
    plan.windowsAStep = std::max<std::size_t>(1, tokensAStep / cut.context);
    plan.steps = settings.trainingTokens / (plan.windowsAStep * cut.context);
    if (plan.steps < order.size()) {
        throw InputError("calibration", "training tokens",
                         fmt::format("at least {}, {} steps", order.size() * plan.windowsAStep * cut.context,
                                     order.size()),
                         std::to_string(settings.trainingTokens));
    }
    return plan;
}

bool asksForTraining(const std::vector<Codec>& codecs) {
    return std::any_of(codecs.begin(), codecs.end(),
                       [](const Codec& codec) { return codec.demands().training(); });
}

QuantizedModel quantizeTrained(const Model& model, const QuantizeSettings& settings,
                               const TrainingPlan& training, TrainingCache* trainings, Workers& workers,
                               JobMonitor& monitor) {
    return TrainedQuantizer(model, settings, training, trainings, workers, monitor).run();
}

} // namespace planish
