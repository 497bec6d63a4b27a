// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "support/job.h"

#include <QElapsedTimer>
#include <QObject>
#include <QString>
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

enum class JobState { queued, running, finished, failed, cancelled };

/// One job as people see it.
struct JobStatus {
    int id = 0;
    QString title;
    JobState state = JobState::queued;
    QString stage;        ///< "quantize: model.layers.0.mlp.up_proj"; empty before the first report
    double fraction = -1; ///< completed part in [0, 1]; negative while unknown
    std::optional<double> secondsLeft; ///< while running, once it can be estimated
    double elapsedSeconds = 0;         ///< since it started
    bool cancelling = false;           ///< asked to stop, not stopped yet
    QString error;                     ///< why it failed

    bool isOver() const { return state != JobState::queued && state != JobState::running; }
};

/// Jobs of the window, executed one after the other on one thread of lower priority (each job is parallel in
/// itself). All calls and signals belong to the thread this object lives in; progress is polled, so that no
/// job can flood the event loop.
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

    /// Puts a job at the end of the queue and returns its id.
    int add(const QString& title, Work work);
    /// A queued job is cancelled at once, a running one as soon as it asks its monitor.
    void cancel(int id);
    void cancelAll();
    /// Queues a failed or cancelled job again.
    void retry(int id);
    /// Forgets a job that is over.
    void remove(int id);
    void removeFinished();

    /// In the order they were added.
    std::vector<JobStatus> jobs() const;
    std::optional<JobStatus> job(int id) const;
    /// Jobs that are queued or running.
    int unfinishedCount() const;

  signals:
    void added(const JobStatus& job);
    void changed(const JobStatus& job);
    void removed(int id);
    void failed(const JobStatus& job);

  private:
    class Monitor;
    struct Entry;
    struct Task {
        int id;
        std::shared_ptr<const Work> work;
        std::shared_ptr<Monitor> monitor;
    };

    void enqueue(Entry& entry);
    void executeTasks();
    void execute(const Task& task);
    void jobStarted(int id);
    void jobEnded(int id, JobState state, const QString& error, const Completion& completion);
    void refreshRunning();
    Entry* find(int id);

    std::vector<std::unique_ptr<Entry>> entries_;
    int lastId_ = 0;
    QTimer refreshTimer_;

    std::mutex mutex_; ///< guards the next two
    std::deque<Task> tasks_;
    bool stopping_ = false;
    std::condition_variable wakeUp_;
    std::thread thread_;
};

} // namespace planish
