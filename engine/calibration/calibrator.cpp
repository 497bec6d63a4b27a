// SPDX-License-Identifier: GPL-3.0-or-later
#include "calibration/calibrator.h"

#include "calibration/statistics_collector.h"
#include "gradient/backward_pass.h"
#include "support/sha256.h"

#include <fmt/format.h>

#include <chrono>

namespace planish {

CalibrationPlan planCalibration(const CalibrationSettings& settings, const Model& model, std::string text,
                                std::string sha256, std::span<const TokenId> ids) {
    if (usesGradients(settings.tokens)) {
        requireGradients(model);
    }
    const EvaluationSettings windows =
        resolveSettings({Convention::standard, settings.context, settings.samples, 0}, model.config());
    const std::size_t available = ids.size() / windows.context;
    if (settings.samples == 0 || settings.samples > available) {
        throw InputError(
            "calibration", "samples",
            fmt::format("1 to {}, as many of {} tokens as {} has", available, windows.context, text),
            std::to_string(settings.samples));
    }
    return {std::move(text), std::move(sha256), planWindows(ids, windows, std::nullopt), settings.inputs,
            settings.tokens};
}

Calibrator::Calibrator(const CalibrationPlan& plan, const WeightSource& original,
                       const WeightSource& quantized, StatisticsCache* cache, Workers& workers,
                       Arithmetic arithmetic, StateCache* states)
    : plan_(plan),
      original_(original),
      quantized_(quantized),
      cache_(cache),
      workers_(workers),
      arithmetic_(arithmetic),
      states_(states),
      tokens_(sha256Hex({reinterpret_cast<const char*>(plan.samples.tokens.data()),
                         plan.samples.tokens.size() * sizeof(TokenId)})) {}

Json Calibrator::planKey(const std::string& fingerprint) const {
    constexpr int howCollected = 1; // to be raised when the same samples give other statistics
    Json key;
    key["how"] = howCollected;
    key["model"] = fingerprint;
    key["tokens"] = tokens_;
    key["samples"] = plan_.samples.windows;
    key["context"] = plan_.samples.context;
    if (arithmetic_ != Arithmetic::float32) {
        key["arithmetic"] = arithmeticName(arithmetic_);
    }
    return key;
}

std::string Calibrator::keyOf(Place place, bool withCrossMoment, const std::string& fingerprint,
                              const std::string& prefix) const {
    Json key = planKey(fingerprint);
    key["block"] = place.block;
    key["site"] = static_cast<int>(place.site);
    key["cross_moment"] = withCrossMoment;
    if (usesGradients(plan_.tokens)) {
        key["token_weights"] = tokenWeightingName(TokenWeighting::gradient);
    }
    key["prefix"] = plan_.inputs == CalibrationInputs::quantized ? prefix : "unquantized";
    return sha256Hex(key.dump());
}

std::string Calibrator::outputsKey(const std::string& tensor, const std::string& fingerprint) const {
    Json key = planKey(fingerprint);
    key["outputs"] = tensor;
    return sha256Hex(key.dump());
}

Matrix Calibrator::outputsOf(const TensorInfo& tensor, const std::string& fingerprint, JobMonitor& monitor) {
    if (plan_.tokens != TokenWeighting::kronecker) {
        return {};
    }
    if (!gradients_ && cache_ != nullptr) {
        if (const auto kept = cache_->find(outputsKey(tensor.name, fingerprint), tensor.shape.rows)) {
            return kept->hessian;
        }
    }
    const auto start = std::chrono::steady_clock::now();
    const auto& outputs = gradients(fingerprint, monitor).outputs();
    seconds_ += std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    const auto found = outputs.find(tensor.name);
    return found != outputs.end() ? found->second.hessian : Matrix();
}

const LossGradients& Calibrator::gradients(const std::string& fingerprint, JobMonitor& monitor) {
    if (!gradients_) {
        gradients_.emplace(original_, plan_.samples, plan_.tokens == TokenWeighting::kronecker, workers_,
                           arithmetic_, monitor);
        for (const auto& [tensor, outputs] : gradients_->outputs()) {
            if (cache_ != nullptr) {
                cache_->keep(outputsKey(tensor, fingerprint), outputs);
            }
        }
    }
    return *gradients_;
}

InputStatistics Calibrator::at(Place place, bool withCrossMoment, const std::string& fingerprint,
                               const std::string& prefix, JobMonitor& monitor) {
    const auto start = std::chrono::steady_clock::now();
    const bool cross = withCrossMoment && plan_.inputs == CalibrationInputs::quantized;
    const std::string key = keyOf(place, cross, fingerprint, prefix);
    std::optional<InputStatistics> statistics =
        cache_ != nullptr ? cache_->find(key, inputsAt(place.site, original_.model().config()))
                          : std::nullopt;
    if (!statistics) {
        statistics = collect(place, cross, fingerprint, monitor);
        if (cache_ != nullptr) {
            cache_->keep(key, *statistics);
        }
    }
    seconds_ += std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    return *std::move(statistics);
}

void Calibrator::restart() {
    stream_.reset();
    originalStream_.reset();
}

InputStatistics Calibrator::collect(Place place, bool withCrossMoment, const std::string& fingerprint,
                                    JobMonitor& whole) {
    const bool weighting = usesGradients(plan_.tokens) && !gradients_;
    constexpr double weightingShare = 0.5;
    if (weighting) {
        PartMonitor passing(whole, 0, weightingShare);
        gradients(fingerprint, passing);
    }
    PartMonitor monitor(whole, weighting ? weightingShare : 0, 1);
    const bool ofQuantized = plan_.inputs == CalibrationInputs::quantized;
    if (!stream_) {
        stream_.emplace(ofQuantized ? quantized_ : original_, plan_.samples, workers_, arithmetic_, states_,
                        place.block);
    }
    const double share = withCrossMoment ? 1.0 / 3 : 1.0 / 2;
    PartMonitor advancing(monitor, 0, share);
    stream_->advanceTo(place, advancing);
    if (withCrossMoment) {
        if (!originalStream_) {
            originalStream_.emplace(original_, plan_.samples, workers_, arithmetic_, states_, place.block);
        }
        PartMonitor advancingOriginal(monitor, share, 2 * share);
        originalStream_->advanceTo(place, advancingOriginal);
    }
    PartMonitor collecting(monitor, 1 - share, 1);
    std::optional<StatisticsCollector> collector;
    for (std::size_t chunk = 0; chunk < stream_->chunks(); ++chunk) {
        const Matrix inputs = stream_->inputs(chunk, monitor);
        const Matrix original = withCrossMoment ? originalStream_->inputs(chunk, monitor) : Matrix();
        if (!collector) {
            collector.emplace(static_cast<std::size_t>(inputs.cols()), withCrossMoment, workers_);
        }
        collector->add(inputs, original, weightsAt(place, chunk, inputs.rows()), monitor);
        collecting.report({"", chunk + 1, stream_->chunks(), ""});
    }
    return collector->result();
}

std::span<const float> Calibrator::weightsAt(Place place, std::size_t chunk, Eigen::Index tokens) const {
    if (!gradients_ || gradients_->tokenWeights(place).empty()) {
        return {};
    }
    return std::span(gradients_->tokenWeights(place))
        .subspan(chunk * CalibrationStream::tokensPerChunk, static_cast<std::size_t>(tokens));
}

} // namespace planish
