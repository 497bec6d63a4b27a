// SPDX-License-Identifier: GPL-3.0-or-later
#include "jobs/job_queue.h"

#include "jobs/job_execution.h"
#include "support/system.h"
#include "support/text.h"

#include <QElapsedTimer>
#include <algorithm>
#include <unordered_set>

namespace planish {

namespace {

constexpr int refreshMilliseconds = 100;

} // namespace

struct JobQueue::Entry {
    JobStatus status;
    std::shared_ptr<const Work> work;
    std::shared_ptr<JobLog> log;
    std::shared_ptr<JobExecution> execution;
    QElapsedTimer timer;        ///< since it started
    double heldBeforeStart = 0; ///< seconds
};

JobQueue::JobQueue(QObject* parent)
    : QObject(parent),
      thread_({[this](int id) {
                   QMetaObject::invokeMethod(
                       this, [this, id] { jobStarted(id); }, Qt::QueuedConnection);
               },
               [this](int id, const JobThread::Outcome& outcome) {
                   QMetaObject::invokeMethod(
                       this, [this, id, outcome] { jobEnded(id, outcome); }, Qt::QueuedConnection);
               }}) {
    refreshTimer_.setInterval(refreshMilliseconds);
    connect(&refreshTimer_, &QTimer::timeout, this, &JobQueue::refreshRunning);
}

JobQueue::~JobQueue() {
    std::vector<JobExecution*> all;
    for (const auto& entry : entries_) {
        all.push_back(entry->execution.get());
    }
    thread_.cancel(all);
}

void JobQueue::keepLogsIn(const QString& folder) {
    logFolder_ = folder;
}

int JobQueue::add(const QString& title, Work work) {
    std::vector<Job> jobs;
    jobs.push_back({title, std::move(work)});
    return add(std::move(jobs)).front();
}

JobQueue::Ids JobQueue::add(std::vector<Job> jobs) {
    Ids ids;
    std::vector<Entry*> entries;
    std::vector<JobStatus> statuses;
    for (Job& job : jobs) {
        auto entry = std::make_unique<Entry>();
        entry->status.id = ++lastId_;
        entry->status.title = std::move(job.title);
        entry->work = std::make_shared<const Work>(std::move(job.work));
        ids.push_back(lastId_);
        statuses.push_back(entry->status);
        entries.push_back(entry.get());
        byId_[lastId_] = entry.get();
        entries_.push_back(std::move(entry));
    }
    enqueue(entries);
    emit added(statuses);
    return ids;
}

void JobQueue::enqueue(const std::vector<Entry*>& entries) {
    for (Entry* entry : entries) {
        entry->log = std::make_shared<JobLog>();
        entry->log->append(tr("queued: %1").arg(entry->status.title));
        entry->execution = std::make_shared<JobExecution>(entry->log);
    }
    std::vector<JobThread::Task> tasks;
    for (const Entry* entry : entries) {
        tasks.push_back({entry->status.id, entry->work, entry->execution, logFolder_});
    }
    thread_.put(tasks);
}

void JobQueue::cancel(const Ids& ids) {
    std::vector<Entry*> stopped;
    std::vector<JobExecution*> executions;
    for (const int id : ids) {
        Entry* entry = find(id);
        if (entry != nullptr && !entry->status.isOver() && !entry->status.cancelling) {
            stopped.push_back(entry);
            executions.push_back(entry->execution.get());
        }
    }
    thread_.cancel(executions);
    std::vector<JobStatus> statuses;
    for (Entry* entry : stopped) {
        entry->status.paused = false;
        entry->log->append(tr("asked to stop"), true);
        if (entry->execution->hasBegun()) {
            entry->status.cancelling = true;
        } else {
            entry->status.state = JobState::cancelled; // the job thread passes it over
        }
        statuses.push_back(entry->status);
    }
    if (!statuses.empty()) {
        emit changed(statuses);
    }
}

void JobQueue::cancelAll() {
    Ids ids;
    for (const auto& entry : entries_) {
        ids.push_back(entry->status.id);
    }
    cancel(ids);
}

void JobQueue::pause(const Ids& ids) {
    setPaused(ids, true);
}

void JobQueue::resume(const Ids& ids) {
    setPaused(ids, false);
}

void JobQueue::setPaused(const Ids& ids, bool paused) {
    std::vector<JobStatus> statuses;
    for (const int id : ids) {
        Entry* entry = find(id);
        if (entry == nullptr || entry->status.isOver() || entry->status.cancelling ||
            entry->status.paused == paused) {
            continue;
        }
        thread_.setHeld(*entry->execution, paused);
        entry->status.paused = paused;
        entry->log->append(paused ? tr("paused") : tr("resumed"), true);
        refresh(*entry);
        statuses.push_back(entry->status);
    }
    if (!statuses.empty()) {
        emit changed(statuses);
    }
}

void JobQueue::retry(const Ids& ids) {
    std::vector<Entry*> again;
    std::vector<JobStatus> statuses;
    for (const int id : ids) {
        Entry* entry = find(id);
        if (entry != nullptr &&
            (entry->status.state == JobState::failed || entry->status.state == JobState::cancelled)) {
            JobStatus fresh;
            fresh.id = id;
            fresh.title = entry->status.title;
            entry->status = fresh;
            again.push_back(entry);
            statuses.push_back(fresh);
        }
    }
    if (again.empty()) {
        return;
    }
    enqueue(again);
    const std::unordered_set<Entry*> last(again.begin(), again.end());
    std::ranges::stable_partition(entries_, [&](const auto& entry) { return !last.contains(entry.get()); });
    orderTasks();
    emit reordered();
    emit changed(statuses);
}

void JobQueue::move(int id, int row) {
    const auto places = rows();
    const auto found = places.find(id);
    if (found == places.end() || row < 0 || row >= static_cast<int>(entries_.size())) {
        return;
    }
    const auto from = static_cast<std::ptrdiff_t>(found->second);
    if (from == row) {
        return;
    }
    const auto begin = entries_.begin();
    if (from < row) {
        std::rotate(begin + from, begin + from + 1, begin + row + 1);
    } else {
        std::rotate(begin + row, begin + from, begin + from + 1);
    }
    orderTasks();
    emit reordered();
}

void JobQueue::shift(const Ids& ids, int direction) {
    const std::unordered_set<int> shifted(ids.begin(), ids.end());
    // From the end that they move to, so that none overtakes another of them.
    std::vector<std::unique_ptr<Entry>*> order;
    for (auto& entry : entries_) {
        if (entry->status.state == JobState::queued) {
            order.push_back(&entry);
        }
    }
    if (direction > 0) {
        std::ranges::reverse(order);
    }
    bool any = false;
    for (std::size_t i = 1; i < order.size(); ++i) {
        if (shifted.contains((*order[i])->status.id) && !shifted.contains((*order[i - 1])->status.id)) {
            std::swap(*order[i], *order[i - 1]);
            any = true;
        }
    }
    if (any) {
        orderTasks();
        emit reordered();
    }
}

/// Tasks wait in the order of the list.
void JobQueue::orderTasks() {
    thread_.order([places = rows()](int first, int second) { return places.at(first) < places.at(second); });
}

void JobQueue::remove(const Ids& ids) {
    std::unordered_set<int> gone;
    for (const int id : ids) {
        if (const Entry* entry = find(id); entry != nullptr && entry->status.isOver()) {
            gone.insert(id);
            byId_.erase(id);
        }
    }
    if (!gone.empty()) {
        std::erase_if(entries_, [&](const auto& entry) { return gone.contains(entry->status.id); });
        emit removed({gone.begin(), gone.end()});
    }
}

void JobQueue::removeFinished() {
    Ids ids;
    for (const auto& entry : entries_) {
        ids.push_back(entry->status.id);
    }
    remove(ids);
}

std::vector<JobStatus> JobQueue::jobs() const {
    std::vector<JobStatus> list;
    list.reserve(entries_.size());
    for (const auto& entry : entries_) {
        list.push_back(entry->status);
    }
    return list;
}

std::optional<JobStatus> JobQueue::job(int id) const {
    const Entry* entry = find(id);
    return entry == nullptr ? std::nullopt : std::optional(entry->status);
}

std::shared_ptr<const JobLog> JobQueue::log(int id) const {
    const Entry* entry = find(id);
    return entry == nullptr ? nullptr : entry->log;
}

int JobQueue::unfinishedCount() const {
    return static_cast<int>(
        std::ranges::count_if(entries_, [](const auto& entry) { return !entry->status.isOver(); }));
}

std::unordered_map<int, std::size_t> JobQueue::rows() const {
    std::unordered_map<int, std::size_t> places;
    for (std::size_t row = 0; row < entries_.size(); ++row) {
        places[entries_[row]->status.id] = row;
    }
    return places;
}

JobQueue::Entry* JobQueue::find(int id) const {
    const auto found = byId_.find(id);
    return found == byId_.end() ? nullptr : found->second;
}

void JobQueue::jobStarted(int id) {
    if (Entry* entry = find(id)) {
        entry->status.state = JobState::running;
        entry->timer.start();
        entry->heldBeforeStart = entry->execution->heldSeconds();
        refreshTimer_.start();
        refresh(*entry);
        const std::vector<JobStatus> started{entry->status};
        emit changed(started);
    }
}

void JobQueue::jobEnded(int id, const JobThread::Outcome& outcome) {
    refreshTimer_.stop();
    Entry* entry = find(id);
    if (entry == nullptr) {
        return;
    }
    refresh(*entry);
    JobStatus& status = entry->status;
    status.state = outcome.state;
    status.error = outcome.error;
    status.secondsLeft.reset();
    status.cancelling = false;
    status.paused = false;
    status.held = false;
    if (status.state == JobState::finished) {
        status.fraction = 1;
    }
    const QString end = status.state == JobState::finished ? tr("finished")
                        : status.state == JobState::failed ? tr("failed: %1").arg(status.error)
                                                           : tr("cancelled");
    entry->log->append(tr("%1 after %2; the program took at most %3 of memory meanwhile")
                           .arg(end, QString::fromStdString(formatSeconds(status.elapsedSeconds)),
                                QString::fromStdString(formatBytes(status.peakMemoryBytes))),
                       true);
    const JobStatus ended = status; // what follows may remove the entry
    if (outcome.completion) {
        outcome.completion();
    }
    emit changed({ended});
    if (ended.state == JobState::failed) {
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
            const std::vector<JobStatus> running{entry->status};
            emit changed(running);
            return;
        }
    }
}

} // namespace planish
