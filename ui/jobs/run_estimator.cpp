// SPDX-License-Identifier: GPL-3.0-or-later
#include "jobs/run_estimator.h"

#include "experiment/run_executor.h"

namespace planish {

/// Models, texts and measured speeds that requests share.
class RunEstimator::Service {
  public:
    RunExecutor& executor() { return executor_; }

  private:
    Workers workers_;
    RunExecutor executor_{workers_};
};

RunEstimator::RunEstimator(QObject* parent) : QObject(parent), service_(std::make_shared<Service>()) {
    constexpr int milliseconds = 250;
    delay_.setSingleShot(true);
    delay_.setInterval(milliseconds);
    connect(&delay_, &QTimer::timeout, this, &RunEstimator::start);
}

RunEstimator::~RunEstimator() = default;

void RunEstimator::request(std::function<Subject()> subject) {
    subject_ = std::move(subject);
    delay_.start();
}

void RunEstimator::start() {
    latest_.reset();
    emit changed(QString());
    task_.start(
        [this, subject = subject_(), service = service_](JobMonitor&) -> LatestTask::Completion {
            service->executor().setReuseLimit(subject.reuseBytes);
            const RunEstimate estimate = service->executor().estimate(subject.spec);
            return [this, estimate] {
                latest_ = estimate;
                emit changed(QString());
            };
        },
        [this](const QString& error) { emit changed(error); });
}

} // namespace planish
