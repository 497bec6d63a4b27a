// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "experiment/estimate.h"
#include "experiment/run.h"
#include "jobs/latest_task.h"

#include <QTimer>
#include <functional>
#include <optional>

namespace planish {

/// Says what a run would take, beside the job queue: estimates shortly after the latest request.
class RunEstimator final : public QObject {
    Q_OBJECT
  public:
    explicit RunEstimator(QObject* parent = nullptr);
    ~RunEstimator() override;

    /// What is to be estimated: a run, and the memory that runs may leave their hidden states in.
    struct Subject {
        RunSpec spec;
        std::uint64_t reuseBytes = 0;
    };
    /// `subject` is asked when no other request has come for a moment, on this object's thread.
    void request(std::function<Subject()> subject);
    /// Of the latest request; nothing before it is ready or when it cannot be run.
    const std::optional<RunEstimate>& latest() const { return latest_; }

  signals:
    /// latest() has changed; `problem` says why there is none, "" while it is being made.
    void changed(const QString& problem);

  private:
    class Service;
    void start();

    QTimer delay_;
    std::function<Subject()> subject_;
    std::optional<RunEstimate> latest_;
    std::shared_ptr<Service> service_; ///< used on the task's thread only
    LatestTask task_;
};

} // namespace planish
