// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "support/error.h"

#include <chrono>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

namespace planish {

/// How far a job is. `done` and `total` count the same unit of work within the whole job, so that their ratio
/// is a completed fraction; `total` 0 means unknown.
struct Progress {
    std::string stage;       ///< what kind of work, such as "quantize" or "evaluate"
    std::uint64_t done = 0;  ///< units finished
    std::uint64_t total = 0; ///< units in all, 0 when unknown
    std::string what;        ///< the present item, such as a tensor name
};

/// The one interface between long work and whoever watches it. Calls come from any thread and return at once,
/// as a watcher throttles for itself; only cancelled() may wait, while the watcher holds the job.
class JobMonitor {
  public:
    virtual ~JobMonitor() = default;
    virtual void report(const Progress& progress) = 0;
    virtual bool cancelled() const = 0;

    /// Throws Cancelled when the user has asked to stop. Long loops call it at least every 100 ms of work.
    void throwIfCancelled() const {
        if (cancelled()) {
            throw Cancelled();
        }
    }
};

/// Watches nothing and never cancels.
class SilentMonitor final : public JobMonitor {
  public:
    void report(const Progress&) override {}
    bool cancelled() const override { return false; }
};

/// Only asks whether to stop: for work that several threads do at once, whose reports would contradict each
/// other, and for steps too small to be shown.
class QuietMonitor final : public JobMonitor {
  public:
    /// `whole` must outlive this.
    explicit QuietMonitor(const JobMonitor& whole) : whole_(whole) {}
    void report(const Progress&) override {}
    bool cancelled() const override { return whole_.cancelled(); }

  private:
    const JobMonitor& whole_;
};

/// Shows a part of a job to the watcher of the whole: fraction f of the part is begin + f · (end − begin) of
/// the whole.
class PartMonitor final : public JobMonitor {
  public:
    /// `whole` must outlive this. A `stage` given here replaces that of the reports, and `what` stands for an
    /// empty one of theirs.
    PartMonitor(JobMonitor& whole, double begin, double end, std::string stage = "", std::string what = "")
        : whole_(whole), begin_(begin), end_(end), stage_(std::move(stage)), what_(std::move(what)) {}
    void report(const Progress& progress) override;
    bool cancelled() const override { return whole_.cancelled(); }

  private:
    JobMonitor& whole_;
    double begin_;
    double end_;
    std::string stage_;
    std::string what_;
};

/// Counts what several threads finish and reports it in rising order.
class FinishedWork {
  public:
    /// `monitor` must outlive this; `total` units in all.
    FinishedWork(JobMonitor& monitor, std::uint64_t total) : monitor_(monitor), total_(total) {}
    void add(std::uint64_t units, const std::string& what = "");

  private:
    JobMonitor& monitor_;
    std::uint64_t total_;
    std::uint64_t done_ = 0;
    std::mutex mutex_;
};

/// Estimates the time left from the completed fraction; forgets when the total changes.
class RemainingTime {
  public:
    using Clock = std::chrono::steady_clock;

    /// Seconds left after `progress` at `now`; nothing until 2 % or half a second have passed.
    std::optional<double> update(const Progress& progress, Clock::time_point now = Clock::now());

  private:
    std::uint64_t total_ = 0;
    std::uint64_t firstDone_ = 0;
    Clock::time_point start_;
};

} // namespace planish
