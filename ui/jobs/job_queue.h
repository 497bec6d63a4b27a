// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "jobs/job_log.h"
#include "jobs/job_status.h"
#include "jobs/job_thread.h"

#include <QObject>
#include <QTimer>
#include <memory>
#include <optional>
#include <unordered_map>
#include <vector>

namespace planish {

/// Jobs of the window, executed one after the other in the order of the list on a JobThread (each job is
/// parallel in itself). All calls and signals belong to the thread this object lives in;
/// progress is polled, so that no job can flood the event loop. Calls take any number of jobs and tell about
/// them in one signal: a sweep has thousands. Jobs that are unknown, or in no state for it, are passed over.
class JobQueue final : public QObject {
    Q_OBJECT
  public:
    using Ids = std::vector<int>;
    using Completion = JobThread::Completion; ///< called on this object's thread
    using Work = JobThread::Work;
    struct Job {
        QString title;
        Work work;
    };

    explicit JobQueue(QObject* parent = nullptr);
    /// Cancels everything and waits for the running job to notice.
    ~JobQueue() override;

    /// Logs of jobs that start from now on are files there too, of which the newest are kept.
    void keepLogsIn(const QString& folder);

    /// Puts a job at the end of the queue and returns its id.
    int add(const QString& title, Work work);
    /// The same for several; their ids, in the same order.
    Ids add(std::vector<Job> jobs);
    /// Queued jobs are cancelled at once, a running one as soon as it asks its monitor.
    void cancel(const Ids& ids);
    void cancelAll();
    /// Paused queued jobs are overtaken by those behind them. A paused running one waits where it next asks
    /// its monitor and keeps its memory; the jobs behind it wait too.
    void pause(const Ids& ids);
    void resume(const Ids& ids);
    /// Queues failed or cancelled jobs again, as the last ones.
    void retry(const Ids& ids);
    /// Puts a job at another place of the list; that of queued ones is when they run.
    void move(int id, int row);
    /// Lets each queued job and the next queued one above (-1) or below (+1), if it is none of `ids`, change
    /// places.
    void shift(const Ids& ids, int direction);
    /// Forgets jobs that are over. Their log files stay.
    void remove(const Ids& ids);
    void removeFinished();

    /// In the order of the list.
    std::vector<JobStatus> jobs() const;
    std::optional<JobStatus> job(int id) const;
    /// The log of a job's latest execution; null for an unknown job.
    std::shared_ptr<const JobLog> log(int id) const;
    /// Jobs that are queued or running.
    int unfinishedCount() const;

  signals:
    void added(const std::vector<planish::JobStatus>& jobs);
    void changed(const std::vector<planish::JobStatus>& jobs);
    /// The jobs of the list are the same, their order is another.
    void reordered();
    void removed(const std::vector<int>& ids);
    void failed(const planish::JobStatus& job);

  private:
    struct Entry;

    void enqueue(const std::vector<Entry*>& entries);
    void orderTasks();
    void jobStarted(int id);
    void jobEnded(int id, const JobThread::Outcome& outcome);
    void refreshRunning();
    void refresh(Entry& entry);
    void setPaused(const Ids& ids, bool paused);
    std::unordered_map<int, std::size_t> rows() const;
    Entry* find(int id) const;

    std::vector<std::unique_ptr<Entry>> entries_;
    std::unordered_map<int, Entry*> byId_;
    int lastId_ = 0;
    QString logFolder_;
    QTimer refreshTimer_;
    JobThread thread_;
};

} // namespace planish
