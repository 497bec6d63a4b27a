// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "support/job.h"

#include <QObject>
#include <QString>
#include <QThreadPool>
#include <atomic>
#include <functional>
#include <memory>

namespace planish {

/// Work beside the job queue of which only the latest start matters, such as opening a model: starting again
/// cancels the earlier work and drops its result.
class LatestTask final : public QObject {
    Q_OBJECT
  public:
    using Completion = std::function<void()>; ///< called on this object's thread
    using Work = std::function<Completion(JobMonitor&)>;
    using Failure = std::function<void(const QString& message)>; ///< called on this object's thread

    explicit LatestTask(QObject* parent = nullptr);
    ~LatestTask() override;

    void start(Work work, Failure failure);
    bool isRunning() const { return running_; }

  signals:
    void runningChanged(bool running);

  private:
    class Monitor;
    void end(const std::shared_ptr<Monitor>& monitor, const Completion& deliver);

    QThreadPool pool_;
    std::shared_ptr<Monitor> latest_;
    bool running_ = false;
};

} // namespace planish
