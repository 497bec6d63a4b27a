// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "calibration/calibration_stream.h"
#include "calibration/loss_gradients.h"
#include "calibration/settings.h"
#include "calibration/statistics_cache.h"
#include "codec/input_statistics.h"
#include "support/json.h"

#include <optional>
#include <string>

namespace planish {

/// What statistics are collected from, resolved.
struct CalibrationPlan {
    std::string text;   ///< name
    std::string sha256; ///< of the text
    WindowPlan samples;
    CalibrationInputs inputs = CalibrationInputs::quantized;
    TokenWeighting tokens = TokenWeighting::equal;
};

/// Cuts the first samples off a tokenized text. Throws InputError when the text is shorter, or when tokens
/// are to be weighted by gradients and the model has none.
CalibrationPlan planCalibration(const CalibrationSettings& settings, const Model& model, std::string text,
                                std::string sha256, std::span<const TokenId> ids);

/// Statistics of the inputs at the places of a model, in the order of the network: from the cache, or by
/// passing all samples through the model as far as it has been quantized, or through the unquantized model,
/// or both.
class Calibrator {
  public:
    /// All must outlive this. `quantized` is read up to the place that is asked for; the caches, of
    /// statistics and of hidden states, may be null.
    Calibrator(const CalibrationPlan& plan, const WeightSource& original, const WeightSource& quantized,
               StatisticsCache* cache, Workers& workers, Arithmetic arithmetic = Arithmetic::float32,
               StateCache* states = nullptr);

    /// Statistics at a place, not before the last one asked for. `fingerprint` is of the unquantized model,
    /// `prefix` identifies what the quantized model has before the place: both and the plan are what the
    /// cache knows them by. With inputs of the unquantized model the cross moment is H, and left out.
    InputStatistics at(Place place, bool withCrossMoment, const std::string& fingerprint,
                       const std::string& prefix, JobMonitor& monitor);

    /// E[∂L/∂y ∂L/∂yᵀ] of a linear's outputs in the unquantized model; empty unless the plan relates outputs.
    Matrix outputsOf(const TensorInfo& tensor, const std::string& fingerprint, JobMonitor& monitor);

    /// Goes back to the beginning of the network, whose weights may all have changed since.
    void restart();

    double seconds() const { return seconds_; } ///< spent in at() and outputsOf()

  private:
    /// What all statistics of the plan depend on.
    Json planKey(const std::string& fingerprint) const;
    std::string keyOf(Place place, bool withCrossMoment, const std::string& fingerprint,
                      const std::string& prefix) const;
    std::string outputsKey(const std::string& tensor, const std::string& fingerprint) const;
    const LossGradients& gradients(const std::string& fingerprint, JobMonitor& monitor);
    InputStatistics collect(Place place, bool withCrossMoment, const std::string& fingerprint,
                            JobMonitor& whole);
    std::span<const float> weightsAt(Place place, std::size_t chunk, Eigen::Index tokens) const;

    const CalibrationPlan& plan_;
    const WeightSource& original_;
    const WeightSource& quantized_;
    StatisticsCache* cache_;
    Workers& workers_;
    Arithmetic arithmetic_;
    StateCache* states_;
    std::optional<LossGradients> gradients_;          ///< once asked for, where the plan wants them
    std::optional<CalibrationStream> stream_;         ///< of the model whose inputs are wanted
    std::optional<CalibrationStream> originalStream_; ///< beside it, for cross moments
    std::string tokens_; ///< SHA-256 of the samples: another tokenizer makes others of the same text
    double seconds_ = 0;
};

} // namespace planish
