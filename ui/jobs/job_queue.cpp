// SPDX-License-Identifier: GPL-3.0-or-later
#include "jobs/job_queue.h"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>

namespace planish {

namespace {

constexpr int refreshMilliseconds = 100;

/// On Linux niceness belongs to a thread and is inherited by the threads it starts: the worker threads of the
/// engine give way to the window as well.
void lowerThreadPriority() {
    constexpr int niceness = 10;
    // A failure means only that the window competes on equal terms.
    static_cast<void>(setpriority(PRIO_PROCESS, static_cast<id_t>(gettid()), niceness));
}

QString describe(const Progress& progress) {
    const QString stage = QString::fromStdString(progress.stage);
    return progress.what.empty() ? stage
                                 : stage + QStringLiteral(": ") + QString::fromStdString(progress.what);
}

} // namespace

/// What the job thread and the window share about one execution.
class JobQueue::Monitor final : public JobMonitor {
  public:
    void report(const Progress& progress) override {
        const std::lock_guard lock(mutex_);
        progress_ = progress;
        secondsLeft_ = remaining_.update(progress);
        updated_ = RemainingTime::Clock::now();
    }
    bool cancelled() const override { return cancelled_.load(std::memory_order_relaxed); }
    void cancel() { cancelled_.store(true, std::memory_order_relaxed); }

    void copyTo(JobStatus& status) const {
        const std::lock_guard lock(mutex_);
        status.stage = describe(progress_);
        status.fraction =
            progress_.total == 0
                ? -1
                : std::min(1.0, static_cast<double>(progress_.done) / static_cast<double>(progress_.total));
        status.secondsLeft = secondsLeft_;
        if (secondsLeft_) {
            // Between two reports the estimate keeps counting down.
            const std::chrono::duration<double> age = RemainingTime::Clock::now() - updated_;
            status.secondsLeft = std::max(0.0, *secondsLeft_ - age.count());
        }
    }

  private:
    mutable std::mutex mutex_;
    Progress progress_;
    RemainingTime remaining_;
    std::optional<double> secondsLeft_;
    RemainingTime::Clock::time_point updated_;
    std::atomic<bool> cancelled_ = false;
};

struct JobQueue::Entry {
    JobStatus status;
    std::shared_ptr<const Work> work;
    std::shared_ptr<Monitor> monitor;
    QElapsedTimer timer;
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
        entry->monitor->cancel();
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

void JobQueue::enqueue(Entry& entry) {
    entry.monitor = std::make_shared<Monitor>();
    {
        const std::lock_guard lock(mutex_);
        tasks_.push_back({entry.status.id, entry.work, entry.monitor});
    }
    wakeUp_.notify_one();
}

void JobQueue::cancel(int id) {
    Entry* entry = find(id);
    if (entry == nullptr || entry->status.isOver()) {
        return;
    }
    entry->monitor->cancel();
    bool waiting = false;
    {
        const std::lock_guard lock(mutex_);
        waiting = std::erase_if(tasks_, [id](const Task& task) { return task.id == id; }) > 0;
    }
    if (waiting) {
        entry->status.state = JobState::cancelled;
    } else {
        entry->status.cancelling = true;
    }
    emit changed(entry->status);
}

void JobQueue::cancelAll() {
    for (const JobStatus& job : jobs()) {
        cancel(job.id);
    }
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
    emit changed(entry->status);
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

int JobQueue::unfinishedCount() const {
    return static_cast<int>(
        std::ranges::count_if(entries_, [](const auto& entry) { return !entry->status.isOver(); }));
}

JobQueue::Entry* JobQueue::find(int id) {
    const auto found =
        std::ranges::find_if(entries_, [id](const auto& entry) { return entry->status.id == id; });
    return found == entries_.end() ? nullptr : found->get();
}

void JobQueue::executeTasks() {
    lowerThreadPriority();
    for (;;) {
        Task task;
        {
            std::unique_lock lock(mutex_);
            wakeUp_.wait(lock, [this] { return stopping_ || !tasks_.empty(); });
            if (stopping_) {
                return;
            }
            task = std::move(tasks_.front());
            tasks_.pop_front();
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
        task.monitor->throwIfCancelled();
        completion = (*task.work)(*task.monitor);
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
        refreshTimer_.start();
        emit changed(entry->status);
    }
}

void JobQueue::jobEnded(int id, JobState state, const QString& error, const Completion& completion) {
    refreshTimer_.stop();
    Entry* entry = find(id);
    if (entry == nullptr) {
        return;
    }
    JobStatus& status = entry->status;
    entry->monitor->copyTo(status);
    status.elapsedSeconds = static_cast<double>(entry->timer.elapsed()) / 1000;
    status.state = state;
    status.error = error;
    status.secondsLeft.reset();
    status.cancelling = false;
    if (state == JobState::finished) {
        status.fraction = 1;
    }
    const JobStatus ended = status; // what follows may remove the entry
    if (completion) {
        completion();
    }
    emit changed(ended);
    if (state == JobState::failed) {
        emit failed(ended);
    }
}

void JobQueue::refreshRunning() {
    for (const auto& entry : entries_) {
        if (entry->status.state == JobState::running) {
            entry->monitor->copyTo(entry->status);
            entry->status.elapsedSeconds = static_cast<double>(entry->timer.elapsed()) / 1000;
            const JobStatus snapshot = entry->status;
            emit changed(snapshot);
            return;
        }
    }
}

} // namespace planish
