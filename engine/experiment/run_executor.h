// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "experiment/run.h"
#include "support/workers.h"

#include <memory>

namespace planish {

/// Executes runs one after the other, keeping between them what they share: opened models, tokenized texts,
/// and the unquantized model's final hidden states (the latest few, within a memory bound). Not thread-safe:
/// one executor a job thread; the work inside runs on all workers.
class RunExecutor {
  public:
    explicit RunExecutor(Workers& workers);
    ~RunExecutor();

    /// The id the run will have: the same for everything that determines its result (model and text content,
    /// evaluation settings as they resolve, codec of every tensor, seed). Reads the model's files once.
    std::string identify(const RunSpec& spec, JobMonitor& monitor);

    /// Quantizes, evaluates, compares with the unquantized model. Stages reported: "read", "quantize",
    /// "baseline", "evaluate". Throws InputError, Error or Cancelled; nothing is recorded here.
    RunRecord execute(const RunSpec& spec, JobMonitor& monitor);

  private:
    class Cache;
    Workers& workers_;
    std::unique_ptr<Cache> cache_;
};

} // namespace planish
