// SPDX-License-Identifier: GPL-3.0-or-later
#include "jobs/serial_task.h"

#include <QCoreApplication>
#include <exception>
#include <utility>

namespace planish {

SerialTask::SerialTask(QObject* parent) : QObject(parent) {
    pool_.setMaxThreadCount(1);
}

SerialTask::~SerialTask() {
    pool_.waitForDone();
}

void SerialTask::add(Begin begin, Failure failure) {
    waiting_.push_back({std::move(begin), std::move(failure)});
    if (!running_) {
        beginNext();
    }
}

void SerialTask::addWork(Work work, Failure failure) {
    add([work = std::move(work)] { return work; }, std::move(failure));
}

void SerialTask::beginNext() {
    const Task task = std::move(waiting_.front());
    waiting_.pop_front();
    running_ = true;
    pool_.start([this, work = task.begin(), failure = task.failure] {
        Completion deliver;
        try {
            deliver = work();
        } catch (const std::exception& error) {
            deliver = [failure, message = QString::fromUtf8(error.what())] { failure(message); };
        }
        QMetaObject::invokeMethod(
            this, [this, deliver] { end(deliver); }, Qt::QueuedConnection);
    });
}

void SerialTask::end(const Completion& deliver) {
    if (deliver) {
        deliver();
    }
    running_ = false;
    if (!waiting_.empty()) {
        beginNext();
    }
}

void SerialTask::finish() {
    while (running_) {
        pool_.waitForDone();
        QCoreApplication::sendPostedEvents(this, QEvent::MetaCall);
    }
}

} // namespace planish
