// SPDX-License-Identifier: GPL-3.0-or-later
#include "jobs/job_execution.h"

#include <algorithm>

namespace planish {

namespace {

QString describe(const Progress& progress) {
    const QString stage = QString::fromStdString(progress.stage);
    return progress.what.empty() ? stage
                                 : stage + QStringLiteral(": ") + QString::fromStdString(progress.what);
}

} // namespace

void JobExecution::report(const Progress& progress) {
    QString news;
    {
        const std::lock_guard lock(mutex_);
        if (progress.stage != progress_.stage || progress.what != progress_.what) {
            news = describe(progress);
        }
        const Clock::time_point now = Clock::now();
        updated_ = now - heldTime(now);
        secondsLeft_ = remaining_.update(progress, updated_);
        progress_ = progress;
    }
    if (!news.isEmpty()) {
        log_->append(news);
    }
}

bool JobExecution::cancelled() const {
    if (held_.load(std::memory_order_relaxed)) {
        std::unique_lock lock(mutex_);
        ++waiting_;
        goesOn_.wait(lock, [this] { return !held_; });
        --waiting_;
    }
    return cancelled_.load(std::memory_order_relaxed);
}

void JobExecution::cancel() {
    cancelled_.store(true, std::memory_order_relaxed);
    release();
}

void JobExecution::hold() {
    const std::lock_guard lock(mutex_);
    if (!held_ && !cancelled_) {
        heldSince_ = Clock::now();
        held_ = true;
    }
}

void JobExecution::release() {
    {
        const std::lock_guard lock(mutex_);
        heldBefore_ = heldTime(Clock::now());
        held_ = false;
    }
    goesOn_.notify_all();
}

JobExecution::Clock::duration JobExecution::heldTime(Clock::time_point now) const {
    return held_ ? heldBefore_ + (now - heldSince_) : heldBefore_;
}

double JobExecution::heldSeconds() const {
    const std::lock_guard lock(mutex_);
    return std::chrono::duration<double>(heldTime(Clock::now())).count();
}

void JobExecution::copyTo(JobStatus& status) const {
    const std::lock_guard lock(mutex_);
    status.stage = describe(progress_);
    status.fraction =
        progress_.total == 0
            ? -1
            : std::min(1.0, static_cast<double>(progress_.done) / static_cast<double>(progress_.total));
    status.held = held_ && waiting_ > 0;
    status.secondsLeft = secondsLeft_;
    if (secondsLeft_) {
        // Between two reports the estimate keeps counting down.
        const Clock::time_point now = Clock::now();
        const std::chrono::duration<double> age = now - heldTime(now) - updated_;
        status.secondsLeft = std::max(0.0, *secondsLeft_ - age.count());
    }
}

} // namespace planish
