// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "evaluation/evaluate.h"
#include "experiment/estimate.h"
#include "experiment/quantize.h"
#include "experiment/run.h"
#include "experiment/trained_quantization.h"
#include "support/workers.h"

#include <memory>

namespace planish {

/// An unquantized model's loss on a text.
struct BaselineResult {
    Model model;
    std::string corpus;
    EvaluationSettings settings; ///< resolved
    LossResult loss;
    WindowPlan plan;
    double seconds = 0;
};

/// What runs may leave in memory for the next ones.
struct Reuse {
    std::uint64_t bytes = std::uint64_t{2} << 30; ///< at most so many
    bool betweenRuns =
        true; ///< false: a single run, which reuses no more than the blocks it leaves as they are
};

/// What runs may leave on disk for later ones.
struct Caches {
    StatisticsCache statistics = StatisticsCache::ofUser();
    TrainingCache trainings = TrainingCache::ofUser();
};

/// Executes runs one after the other, keeping between them what they share: opened models, tokenized texts,
/// and of the present model and text hidden states at block boundaries and the unquantized model's logits, so
/// that a run costs what it does not share with earlier ones. Not thread-safe: one executor a job thread; the
/// work inside runs on all workers.
class RunExecutor {
  public:
    /// `workers` must outlive this.
    explicit RunExecutor(Workers& workers, Reuse reuse = {}, Caches caches = {});
    ~RunExecutor();

    /// The id the run will have: the same for everything that determines its result (model and text content,
    /// evaluation settings as they resolve, codec of every tensor, seed, and what it is calibrated on). Reads
    /// the model's files once.
    std::string identify(const RunSpec& spec, JobMonitor& monitor);

    /// What execute() will take, or without a recipe what evaluateBaseline() will. Measures the machine's
    /// speed for some milliseconds; throws as these would for settings that cannot be.
    RunEstimate estimate(const RunSpec& spec);
    RunEstimate estimateBaseline(const std::string& model, const std::string& corpus,
                                 const EvaluationSettings& settings);

    /// Quantizes, evaluates, compares with the unquantized model. Stages: "read", "calibrate", "quantize",
    /// "train", "baseline", "evaluate". Throws InputError, Error or Cancelled; nothing is recorded here.
    RunRecord execute(const RunSpec& spec, JobMonitor& monitor);

    /// The model as a recipe makes it. With the arithmetic of a run: byte by byte as that run had it.
    QuantizedModel quantize(const std::string& model, const Recipe& recipe, std::uint64_t seed,
                            const std::optional<CalibrationSettings>& calibration, JobMonitor& monitor,
                            Arithmetic arithmetic);

    /// The unquantized model on a text.
    BaselineResult evaluateBaseline(const std::string& model, const std::string& corpus,
                                    const EvaluationSettings& settings, JobMonitor& monitor);

    void setReuseLimit(std::uint64_t bytes) {
        reuse_.bytes = bytes;
        states_.setLimit(bytes);
    }
    /// Hidden states and logits it holds, and how often they were of use.
    const StateCache& states() const { return states_; }

  private:
    struct Prepared;
    class Cache;
    Prepared prepare(const std::string& model, const std::string& corpus, const EvaluationSettings& settings);
    struct Quantization;
    Quantization planQuantization(const Model& model, const Recipe& recipe,
                                  const std::optional<CalibrationSettings>& calibration);
    QuantizedModel pack(const Model& model, const Quantization& plan, std::uint64_t seed,
                        Arithmetic arithmetic, StateCache* states, JobMonitor& monitor);
    void forgetOtherPlans(const Prepared& prepared);
    RunEstimate estimate(const Prepared& prepared, const Quantization& quantization);
    std::string identify(const RunSpec& spec, const Prepared& prepared, const Quantization& quantization,
                         JobMonitor& monitor);

    Workers& workers_;
    Caches caches_;
    std::unique_ptr<Cache> cache_;
    Reuse reuse_;
    StateCache states_;
    MachineSpeed speed_;
    std::string plan_; ///< the model, text and windows whose states these are
};

} // namespace planish
