// SPDX-License-Identifier: GPL-3.0-or-later
#include "jobs/latest_task.h"

namespace planish {

class LatestTask::Monitor final : public JobMonitor {
  public:
    void report(const Progress&) override {}
    bool cancelled() const override { return cancelled_.load(std::memory_order_relaxed); }
    void cancel() { cancelled_.store(true, std::memory_order_relaxed); }

  private:
    std::atomic<bool> cancelled_ = false;
};

LatestTask::LatestTask(QObject* parent) : QObject(parent) {
    pool_.setMaxThreadCount(1);
}

LatestTask::~LatestTask() {
    if (latest_) {
        latest_->cancel();
    }
    pool_.clear();
    pool_.waitForDone();
}

void LatestTask::start(Work work, Failure failure) {
    if (latest_) {
        latest_->cancel();
    }
    const auto monitor = std::make_shared<Monitor>();
    latest_ = monitor;
    if (!running_) {
        running_ = true;
        emit runningChanged(true);
    }
    pool_.start([this, monitor, work = std::move(work), failure = std::move(failure)] {
        Completion deliver;
        try {
            monitor->throwIfCancelled();
            deliver = work(*monitor);
        } catch (const Cancelled&) {
            deliver = nullptr;
        } catch (const std::exception& error) {
            deliver = [failure, message = QString::fromUtf8(error.what())] { failure(message); };
        }
        QMetaObject::invokeMethod(
            this, [this, monitor, deliver] { end(monitor, deliver); }, Qt::QueuedConnection);
    });
}

void LatestTask::end(const std::shared_ptr<Monitor>& monitor, const Completion& deliver) {
    if (monitor != latest_) {
        return;
    }
    latest_.reset();
    running_ = false;
    emit runningChanged(false);
    if (deliver) {
        deliver();
    }
}

} // namespace planish
