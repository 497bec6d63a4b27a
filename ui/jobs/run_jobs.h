// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "jobs/document_target.h"
#include "jobs/job_queue.h"
#include "jobs/pending_runs.h"

#include <QObject>
#include <atomic>
#include <map>
#include <memory>

namespace planish {

/// Makes jobs of runs: each is measured on the job thread and recorded in the document it was queued for.
/// Knows which runs are not finished yet, for the plot and for the next start of the program.
class RunJobs final : public QObject {
    Q_OBJECT
  public:
    using Target = std::shared_ptr<DocumentTarget>;

    /// `queue` must outlive this.
    explicit RunJobs(JobQueue& queue, QObject* parent = nullptr);
    ~RunJobs() override;

    struct Run {
        std::shared_ptr<const RunSpec> spec;
        bool selectsKnown = false;
        Target target;
        std::shared_ptr<const RunRecord> expected; ///< what is known before it is measured, or null
    };
    /// Queues runs and returns the ids of their jobs.
    JobQueue::Ids add(const std::vector<Run>& runs);

    /// Queued and running runs with what is known of them: name and sizes.
    std::vector<RunRecord> expected() const;
    /// Runs that are not over, in the order of the queue.
    std::vector<PendingRun> pending() const;

    /// Memory that runs may leave their hidden states in, for later ones to begin with.
    std::uint64_t reuseBytes() const;
    void setReuseBytes(std::uint64_t bytes);

  signals:
    /// `problem` says why the run could not be recorded; empty: it is.
    void measured(const planish::RunJobs::Target& target, const planish::RunRecord& run,
                  const QString& problem);
    /// A run that selects known ones was found in its document.
    void known(const planish::RunJobs::Target& target, const std::string& id);
    void expectedChanged();
    void pendingChanged();

  private:
    class Service;
    struct Item {
        Run run;
        bool unfinished = true;
    };
    /// On the job thread; `receiver` is only named in what it returns.
    static JobQueue::Completion measure(const Run& run, Service& service, RunJobs* receiver,
                                        JobMonitor& monitor);
    void follow(const std::vector<JobStatus>& jobs);

    JobQueue& queue_;
    std::map<int, Item> items_;        ///< by job; kept until it leaves the list, as it may be retried
    std::shared_ptr<Service> service_; ///< used on the job thread only
};

} // namespace planish
