// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "jobs/job_log.h"
#include "jobs/job_status.h"
#include "support/job.h"

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>

namespace planish {

/// What the job thread and the window share about one execution of a job: its progress, and the wish that it
/// stops or waits. A held job waits wherever it asks its monitor, on each of its threads.
class JobExecution final : public JobMonitor {
  public:
    explicit JobExecution(std::shared_ptr<JobLog> log) : log_(std::move(log)) {}

    void report(const Progress& progress) override;
    bool cancelled() const override;

    /// Also ends holding.
    void cancel();
    void hold();
    void release();
    /// It is taken out of the queue: from now on only it itself can end it.
    void begin() { begun_.store(true, std::memory_order_relaxed); }
    bool hasBegun() const { return begun_.load(std::memory_order_relaxed); }
    bool isHeld() const { return held_.load(std::memory_order_relaxed); }
    /// Unlike cancelled(), does not wait while it is held.
    bool isCancelled() const { return cancelled_.load(std::memory_order_relaxed); }

    /// Fills in stage, fraction, seconds left and whether the job waits.
    void copyTo(JobStatus& status) const;
    /// Time it was held so far.
    double heldSeconds() const;
    JobLog& log() const { return *log_; }

  private:
    using Clock = RemainingTime::Clock;
    Clock::duration heldTime(Clock::time_point now) const;

    std::shared_ptr<JobLog> log_;
    std::atomic<bool> cancelled_ = false;
    std::atomic<bool> held_ = false;
    std::atomic<bool> begun_ = false;

    mutable std::mutex mutex_; ///< guards all below
    mutable std::condition_variable goesOn_;
    mutable int waiting_ = 0; ///< threads of the job
    Clock::time_point heldSince_;
    Clock::duration heldBefore_{0};
    Progress progress_;
    RemainingTime remaining_;
    std::optional<double> secondsLeft_;
    Clock::time_point updated_; ///< in time that does not pass while held
};

} // namespace planish
