// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "jobs/job_log.h"
#include "jobs/job_status.h"
#include "support/job.h"

#include <QObject>
#include <QTimer>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

namespace planish {

class JobExecution;

/// Jobs of the window, executed one after the other in the order of the list on one thread of lower priority
/// (each job is parallel in itself). All calls and signals belong to the thread this object lives in;
/// progress is polled, so that no job can flood the event loop.
class JobQueue final : public QObject {
    Q_OBJECT
  public:
    /// Called on this object's thread when the job has finished (not when it failed or was cancelled).
    using Completion = std::function<void()>;
    /// The job itself, called on the job thread. Throws Cancelled after it was cancelled, or any exception.
    using Work = std::function<Completion(JobMonitor&)>;

    explicit JobQueue(QObject* parent = nullptr);
    /// Cancels everything and waits for the running job to notice.
    ~JobQueue() override;

    /// Logs of jobs added from now on are files there, of which the newest are kept.
    void keepLogsIn(const QString& folder);

    /// Puts a job at the end of the queue and returns its id.
    int add(const QString& title, Work work);
    /// A queued job is cancelled at once, a running one as soon as it asks its monitor.
    void cancel(int id);
    void cancelAll();
    /// A paused queued job is overtaken by those behind it. A paused running one waits where it next asks its
    /// monitor and keeps its memory; the jobs behind it wait too.
    void pause(int id);
    void resume(int id);
    /// Queues a failed or cancelled job again, as the last one.
    void retry(int id);
    /// Puts a job at another place of the list; that of queued ones is when they run.
    void move(int id, int row);
    /// Lets a queued job and the next queued one above (-1) or below (+1) change places.
    void shift(int id, int direction);
    /// Forgets a job that is over. Its log file stays.
    void remove(int id);
    void removeFinished();

    /// In the order of the list.
    std::vector<JobStatus> jobs() const;
    std::optional<JobStatus> job(int id) const;
    /// The log of a job's latest execution; null for an unknown job.
    std::shared_ptr<const JobLog> log(int id) const;
    /// Jobs that are queued or running.
    int unfinishedCount() const;

  signals:
    void added(const JobStatus& job);
    void changed(const JobStatus& job);
    /// The job in row `from` is now in row `to`.
    void moved(int from, int to);
    void removed(int id);
    void failed(const JobStatus& job);

  private:
    struct Entry;
    struct Task {
        int id = 0;
        std::shared_ptr<const Work> work;
        std::shared_ptr<JobExecution> execution;
    };

    void enqueue(Entry& entry);
    void orderTasks();
    void executeTasks();
    void execute(const Task& task);
    void jobStarted(int id);
    void jobEnded(int id, JobState state, const QString& error, const Completion& completion);
    void refreshRunning();
    void refresh(Entry& entry);
    void setPaused(int id, bool paused);
    int rowOf(int id) const;
    Entry* find(int id);

    std::vector<std::unique_ptr<Entry>> entries_;
    int lastId_ = 0;
    QString logFolder_;
    QTimer refreshTimer_;

    std::mutex mutex_; ///< guards the next two
    std::deque<Task> tasks_;
    bool stopping_ = false;
    std::condition_variable wakeUp_;
    std::thread thread_;
};

} // namespace planish
