// SPDX-License-Identifier: GPL-3.0-or-later
#include "jobs/job_thread.h"

#include "jobs/job_execution.h"
#include "support/system.h"

#include <sys/resource.h>
#include <unistd.h>

#include <QCoreApplication>
#include <algorithm>

namespace planish {

namespace {

constexpr int keptLogs = 50;

/// The texts of this file, under one heading for translators.
struct Text {
    Q_DECLARE_TR_FUNCTIONS(JobQueue)
};

/// On Linux niceness belongs to a thread and is inherited by the threads it starts: the worker threads of the
/// engine give way to the window as well.
void lowerThreadPriority() {
    constexpr int niceness = 10;
    // A failure means only that the window competes on equal terms.
    static_cast<void>(setpriority(PRIO_PROCESS, static_cast<id_t>(gettid()), niceness));
}

} // namespace

JobThread::JobThread(Listener listener)
    : listener_(std::move(listener)), thread_([this] { executeTasks(); }) {}

JobThread::~JobThread() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
        tasks_.clear();
    }
    wakeUp_.notify_all();
    thread_.join();
}

void JobThread::put(const std::vector<Task>& tasks) {
    {
        const std::lock_guard lock(mutex_);
        tasks_.insert(tasks_.end(), tasks.begin(), tasks.end());
    }
    wakeUp_.notify_one();
}

void JobThread::order(const std::function<bool(int, int)>& before) {
    const std::lock_guard lock(mutex_);
    std::erase_if(tasks_, [](const Task& task) { return task.execution->isCancelled(); });
    std::ranges::stable_sort(tasks_, before, &Task::id);
}

void JobThread::cancel(std::span<JobExecution* const> executions) {
    const std::lock_guard lock(mutex_); // or one would begin when that before it stops
    for (JobExecution* execution : executions) {
        execution->cancel();
    }
}

void JobThread::setHeld(JobExecution& execution, bool held) {
    {
        const std::lock_guard lock(mutex_); // the thread looks for a task that is not held
        held ? execution.hold() : execution.release();
    }
    wakeUp_.notify_one();
}

void JobThread::executeTasks() {
    lowerThreadPriority();
    for (;;) {
        std::optional<Task> task;
        {
            std::unique_lock lock(mutex_);
            wakeUp_.wait(lock, [&] { return stopping_ || (task = nextTask()).has_value(); });
            if (stopping_) {
                return;
            }
        }
        execute(*task);
    }
}

/// Takes out the first that neither waits to be resumed nor was cancelled; the caller holds the lock.
std::optional<JobThread::Task> JobThread::nextTask() {
    std::erase_if(tasks_, [](const Task& task) { return task.execution->isCancelled(); });
    const auto found = std::ranges::find_if(tasks_, [](const Task& t) { return !t.execution->isHeld(); });
    if (found == tasks_.end()) {
        return std::nullopt;
    }
    Task task = std::move(*found);
    tasks_.erase(found);
    task.execution->begin();
    return task;
}

void JobThread::execute(const Task& task) {
    listener_.started(task.id);
    Outcome outcome;
    try {
        if (!task.logFolder.isEmpty()) {
            task.execution->log().keepIn(task.logFolder + QLatin1Char('/') + newJobLogName(task.id));
            pruneJobLogs(task.logFolder, keptLogs);
        }
        task.execution->throwIfCancelled();
        task.execution->log().append(Text::tr("started by %1 on %2")
                                         .arg(QString::fromStdString(applicationVersion()),
                                              QString::fromStdString(machineDescription())));
        outcome.completion = (*task.work)(*task.execution);
    } catch (const Cancelled&) {
        outcome.state = JobState::cancelled;
    } catch (const std::bad_alloc&) {
        outcome.state = JobState::failed;
        outcome.error = Text::tr("The machine has too little free memory for this job.");
    } catch (const std::exception& failure) {
        outcome.state = JobState::failed;
        outcome.error = QString::fromUtf8(failure.what());
    }
    listener_.ended(task.id, outcome);
}

} // namespace planish
