// SPDX-License-Identifier: GPL-3.0-or-later
#include "jobs/job_queue.h"

#include "jobs/job_execution.h"
#include "support/system.h"
#include "support/text.h"

#include <sys/resource.h>
#include <unistd.h>

#include <QElapsedTimer>
#include <algorithm>

namespace planish {

namespace {

constexpr int refreshMilliseconds = 100;
constexpr int keptLogs = 50;

/// On Linux niceness belongs to a thread and is inherited by the threads it starts: the worker threads of the
/// engine give way to the window as well.
void lowerThreadPriority() {
    constexpr int niceness = 10;
    // A failure means only that the window competes on equal terms.
    static_cast<void>(setpriority(PRIO_PROCESS, static_cast<id_t>(gettid()), niceness));
}

} // namespace

struct JobQueue::Entry {
    JobStatus status;
    std::shared_ptr<const Work> work;
    std::shared_ptr<JobLog> log;
    std::shared_ptr<JobExecution> execution;
    QElapsedTimer timer;        ///< since it started
    double heldBeforeStart = 0; ///< seconds
};

JobQueue::JobQueue(QObject* parent) : QObject(parent), thread_([this] { executeTasks(); }) {
    refreshTimer_.setInterval(refreshMilliseconds);
    connect(&refreshTimer_, &QTimer::timeout, this, &JobQueue::refreshRunning);
}

JobQueue::~JobQueue() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
        tasks_.clear();
    }
    for (const auto& entry : entries_) {
        entry->execution->cancel();
    }
    wakeUp_.notify_all();
    thread_.join();
}

int JobQueue::add(const QString& title, Work work) {
    auto entry = std::make_unique<Entry>();
    entry->status.id = ++lastId_;
    entry->status.title = title;
    entry->work = std::make_shared<const Work>(std::move(work));
    entries_.push_back(std::move(entry));
    Entry& added = *entries_.back();
    enqueue(added);
    emit this->added(added.status);
    return added.status.id;
}

void JobQueue::keepLogsIn(const QString& folder) {
    logFolder_ = folder;
    pruneJobLogs(folder, keptLogs);
}

void JobQueue::enqueue(Entry& entry) {
    const QString file =
        logFolder_.isEmpty() ? QString() : logFolder_ + QLatin1Char('/') + newJobLogName(entry.status.id);
    entry.log = std::make_shared<JobLog>(file);
    entry.log->append(tr("queued: %1").arg(entry.status.title));
    entry.execution = std::make_shared<JobExecution>(entry.log);
    {
        const std::lock_guard lock(mutex_);
        tasks_.push_back({entry.status.id, entry.work, entry.execution});
    }
    wakeUp_.notify_one();
}

void JobQueue::cancel(int id) {
    Entry* entry = find(id);
    if (entry == nullptr || entry->status.isOver()) {
        return;
    }
    entry->execution->cancel();
    bool waiting = false;
    {
        const std::lock_guard lock(mutex_);
        waiting = std::erase_if(tasks_, [id](const Task& task) { return task.id == id; }) > 0;
    }
    entry->status.paused = false;
    entry->log->append(tr("asked to stop"), true);
    if (waiting) {
        entry->status.state = JobState::cancelled;
    } else {
        entry->status.cancelling = true;
    }
    const JobStatus snapshot = entry->status;
    emit changed(snapshot);
}

void JobQueue::cancelAll() {
    for (const JobStatus& job : jobs()) {
        cancel(job.id);
    }
}

void JobQueue::pause(int id) {
    setPaused(id, true);
}

void JobQueue::resume(int id) {
    setPaused(id, false);
}

void JobQueue::setPaused(int id, bool paused) {
    Entry* entry = find(id);
    if (entry == nullptr || entry->status.isOver() || entry->status.cancelling ||
        entry->status.paused == paused) {
        return;
    }
    {
        const std::lock_guard lock(mutex_); // the job thread looks for a job that is not held
        paused ? entry->execution->hold() : entry->execution->release();
    }
    wakeUp_.notify_one();
    entry->status.paused = paused;
    entry->log->append(paused ? tr("paused") : tr("resumed"), true);
    refresh(*entry);
    const JobStatus snapshot = entry->status;
    emit changed(snapshot);
}

void JobQueue::retry(int id) {
    Entry* entry = find(id);
    if (entry == nullptr ||
        (entry->status.state != JobState::failed && entry->status.state != JobState::cancelled)) {
        return;
    }
    JobStatus fresh;
    fresh.id = id;
    fresh.title = entry->status.title;
    entry->status = fresh;
    enqueue(*entry);
    move(id, static_cast<int>(entries_.size()) - 1);
    emit changed(fresh);
}

void JobQueue::move(int id, int row) {
    const int from = rowOf(id);
    if (from < 0 || row < 0 || row >= static_cast<int>(entries_.size()) || row == from) {
        return;
    }
    const auto begin = entries_.begin();
    if (from < row) {
        std::rotate(begin + from, begin + from + 1, begin + row + 1);
    } else {
        std::rotate(begin + row, begin + from, begin + from + 1);
    }
    orderTasks();
    emit moved(from, row);
}

void JobQueue::shift(int id, int direction) {
    const int from = rowOf(id);
    if (from < 0 || entries_[static_cast<std::size_t>(from)]->status.state != JobState::queued) {
        return;
    }
    for (int row = from + direction; row >= 0 && row < static_cast<int>(entries_.size()); row += direction) {
        if (entries_[static_cast<std::size_t>(row)]->status.state == JobState::queued) {
            move(id, row);
            return;
        }
    }
}

/// Tasks wait in the order of the list.
void JobQueue::orderTasks() {
    const std::lock_guard lock(mutex_);
    std::ranges::sort(tasks_, {}, [this](const Task& task) { return rowOf(task.id); });
}

void JobQueue::remove(int id) {
    Entry* entry = find(id);
    if (entry != nullptr && entry->status.isOver()) {
        std::erase_if(entries_, [entry](const auto& candidate) { return candidate.get() == entry; });
        emit removed(id);
    }
}

void JobQueue::removeFinished() {
    for (const JobStatus& job : jobs()) {
        remove(job.id);
    }
}

std::vector<JobStatus> JobQueue::jobs() const {
    std::vector<JobStatus> list;
    for (const auto& entry : entries_) {
        list.push_back(entry->status);
    }
    return list;
}

std::optional<JobStatus> JobQueue::job(int id) const {
    for (const auto& entry : entries_) {
        if (entry->status.id == id) {
            return entry->status;
        }
    }
    return std::nullopt;
}

std::shared_ptr<const JobLog> JobQueue::log(int id) const {
    const int row = rowOf(id);
    return row < 0 ? nullptr : entries_[static_cast<std::size_t>(row)]->log;
}

int JobQueue::unfinishedCount() const {
    return static_cast<int>(
        std::ranges::count_if(entries_, [](const auto& entry) { return !entry->status.isOver(); }));
}

int JobQueue::rowOf(int id) const {
    const auto found =
        std::ranges::find_if(entries_, [id](const auto& entry) { return entry->status.id == id; });
    return found == entries_.end() ? -1 : static_cast<int>(found - entries_.begin());
}

JobQueue::Entry* JobQueue::find(int id) {
    const int row = rowOf(id);
    return row < 0 ? nullptr : entries_[static_cast<std::size_t>(row)].get();
}

void JobQueue::executeTasks() {
    lowerThreadPriority();
    for (;;) {
        Task task;
        {
            std::unique_lock lock(mutex_);
            const auto next = [this] {
                return std::ranges::find_if(tasks_, [](const Task& t) { return !t.execution->isHeld(); });
            };
            wakeUp_.wait(lock, [&] { return stopping_ || next() != tasks_.end(); });
            if (stopping_) {
                return;
            }
            const auto found = next();
            task = std::move(*found);
            tasks_.erase(found);
        }
        execute(task);
    }
}

void JobQueue::execute(const Task& task) {
    const int id = task.id;
    QMetaObject::invokeMethod(
        this, [this, id] { jobStarted(id); }, Qt::QueuedConnection);
    JobState state = JobState::finished;
    QString error;
    Completion completion;
    try {
        task.execution->throwIfCancelled();
        task.execution->log().append(tr("started by %1 on %2")
                                         .arg(QString::fromStdString(applicationVersion()),
                                              QString::fromStdString(machineDescription())));
        completion = (*task.work)(*task.execution);
    } catch (const Cancelled&) {
        state = JobState::cancelled;
    } catch (const std::bad_alloc&) {
        state = JobState::failed;
        error = tr("The machine has too little free memory for this job.");
    } catch (const std::exception& failure) {
        state = JobState::failed;
        error = QString::fromUtf8(failure.what());
    }
    QMetaObject::invokeMethod(
        this,
        [this, id, state, error, completion = std::move(completion)] {
            jobEnded(id, state, error, completion);
        },
        Qt::QueuedConnection);
}

void JobQueue::jobStarted(int id) {
    if (Entry* entry = find(id)) {
        entry->status.state = JobState::running;
        entry->timer.start();
        entry->heldBeforeStart = entry->execution->heldSeconds();
        refreshTimer_.start();
        refresh(*entry);
        const JobStatus snapshot = entry->status;
        emit changed(snapshot);
    }
}

void JobQueue::jobEnded(int id, JobState state, const QString& error, const Completion& completion) {
    refreshTimer_.stop();
    Entry* entry = find(id);
    if (entry == nullptr) {
        return;
    }
    refresh(*entry);
    JobStatus& status = entry->status;
    status.state = state;
    status.error = error;
    status.secondsLeft.reset();
    status.cancelling = false;
    status.paused = false;
    status.held = false;
    if (state == JobState::finished) {
        status.fraction = 1;
    }
    const QString end = state == JobState::finished ? tr("finished")
                        : state == JobState::failed ? tr("failed: %1").arg(error)
                                                    : tr("cancelled");
    entry->log->append(tr("%1 after %2; the program took at most %3 of memory meanwhile")
                           .arg(end, QString::fromStdString(formatSeconds(status.elapsedSeconds)),
                                QString::fromStdString(formatBytes(status.peakMemoryBytes))),
                       true);
    const JobStatus ended = status; // what follows may remove the entry
    if (completion) {
        completion();
    }
    emit changed(ended);
    if (state == JobState::failed) {
        emit failed(ended);
    }
}

void JobQueue::refresh(Entry& entry) {
    JobStatus& status = entry.status;
    entry.execution->copyTo(status);
    if (status.state == JobState::running) {
        const double held = entry.execution->heldSeconds() - entry.heldBeforeStart;
        status.elapsedSeconds = std::max(0.0, static_cast<double>(entry.timer.elapsed()) / 1000 - held);
        status.memoryBytes = residentMemoryBytes();
        status.peakMemoryBytes = std::max(status.peakMemoryBytes, status.memoryBytes);
    }
}

void JobQueue::refreshRunning() {
    for (const auto& entry : entries_) {
        if (entry->status.state == JobState::running) {
            refresh(*entry);
            const JobStatus snapshot = entry->status;
            emit changed(snapshot);
            return;
        }
    }
}

} // namespace planish
