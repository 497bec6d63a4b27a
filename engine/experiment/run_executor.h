// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "evaluation/evaluate.h"
#include "experiment/quantize.h"
#include "experiment/run.h"
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

/// Executes runs one after the other, keeping between them what they share: opened models, tokenized texts,
/// and the unquantized model's final hidden states (the latest, within hiddenStateBudget). Not thread-safe:
/// one executor a job thread; the work inside runs on all workers.
class RunExecutor {
  public:
    /// `workers` must outlive this.
    explicit RunExecutor(Workers& workers);
    ~RunExecutor();

    /// The id the run will have: the same for everything that determines its result (model and text content,
    /// evaluation settings as they resolve, codec of every tensor, seed). Reads the model's files once.
    std::string identify(const RunSpec& spec, JobMonitor& monitor);

    /// Quantizes, evaluates, compares with the unquantized model. Stages: "read", "quantize", "baseline",
    /// "evaluate". Throws InputError, Error or Cancelled; nothing is recorded here.
    RunRecord execute(const RunSpec& spec, JobMonitor& monitor);

    /// The unquantized model on a text.
    BaselineResult evaluateBaseline(const std::string& model, const std::string& corpus,
                                    const EvaluationSettings& settings, JobMonitor& monitor);

  private:
    struct Prepared;
    class Cache;
    Prepared prepare(const std::string& model, const std::string& corpus, const EvaluationSettings& settings);
    std::string identify(const RunSpec& spec, const Prepared& prepared, const std::vector<Codec>& codecs,
                         JobMonitor& monitor);

    Workers& workers_;
    std::unique_ptr<Cache> cache_;
};

} // namespace planish
