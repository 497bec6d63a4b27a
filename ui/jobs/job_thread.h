// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "jobs/job_status.h"
#include "support/job.h"

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <thread>
#include <vector>

namespace planish {

class JobExecution;

/// The thread that executes jobs, of lower priority, one after the other as they wait. All calls are for the
/// thread that made it.
class JobThread {
  public:
    /// What is to be called when a job has finished, not when it failed or was cancelled.
    using Completion = std::function<void()>;
    /// The job itself, called on the job thread. Throws Cancelled after it was cancelled, or any exception.
    using Work = std::function<Completion(JobMonitor&)>;
    struct Task {
        int id = 0;
        std::shared_ptr<const Work> work;
        std::shared_ptr<JobExecution> execution;
        QString logFolder; ///< where its log is kept; empty: nowhere
    };
    struct Outcome {
        JobState state = JobState::finished; ///< or failed or cancelled
        QString error;                       ///< why it failed
        Completion completion;
    };
    /// Both are called on the job thread.
    struct Listener {
        std::function<void(int id)> started;
        std::function<void(int id, const Outcome& outcome)> ended;
    };

    explicit JobThread(Listener listener);
    /// Drops what waits, then waits for the job that runs: whoever is in a hurry cancels it before.
    ~JobThread();
    JobThread(const JobThread&) = delete;
    JobThread& operator=(const JobThread&) = delete;

    /// Puts tasks behind those that wait.
    void put(const std::vector<Task>& tasks);
    /// Lets the tasks wait in the order of `before`, which tells two ids apart.
    void order(const std::function<bool(int first, int second)>& before);
    /// None of them begins any more; those that have begun stop when they next ask their monitor.
    void cancel(std::span<JobExecution* const> executions);
    /// A held task is overtaken by those behind it; one that runs waits where it next asks its monitor.
    void setHeld(JobExecution& execution, bool held);

  private:
    void executeTasks();
    std::optional<Task> nextTask();
    void execute(const Task& task);

    Listener listener_;
    std::mutex mutex_; ///< guards the next two, and whether an execution has begun or is held
    std::deque<Task> tasks_;
    bool stopping_ = false;
    std::condition_variable wakeUp_;
    std::thread thread_;
};

} // namespace planish
