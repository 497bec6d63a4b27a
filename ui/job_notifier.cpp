// SPDX-License-Identifier: GPL-3.0-or-later
#include "job_notifier.h"

#include "icons.h"
#include "jobs/job_queue.h"

#include <QApplication>
#include <QSystemTrayIcon>
#include <QWidget>
#include <QWindow>
#include <algorithm>

namespace planish {

JobNotifier::JobNotifier(JobQueue& queue, QWidget* window) : QObject(window), queue_(queue), window_(window) {
    connect(&queue, &JobQueue::added, this, [this] { busy_ = true; });
    connect(&queue, &JobQueue::changed, this, &JobNotifier::jobChanged);
}

void JobNotifier::jobChanged() {
    if (queue_.unfinishedCount() > 0) {
        busy_ = true;
        return;
    }
    if (!std::exchange(busy_, false) || window_->isActiveWindow() || QApplication::activeModalWidget()) {
        return;
    }
    const std::vector<JobStatus> jobs = queue_.jobs();
    const auto failed = std::ranges::count(jobs, JobState::failed, &JobStatus::state);
    notify(failed == 0 ? tr("All jobs have ended.")
                       : tr("All jobs have ended, %n of them failed.", nullptr, static_cast<int>(failed)));
}

void JobNotifier::notify(const QString& text) {
    if (QSystemTrayIcon::isSystemTrayAvailable() && QSystemTrayIcon::supportsMessages()) {
        if (tray_ == nullptr) {
            tray_ = new QSystemTrayIcon(applicationIcon(), this);
            const auto raise = [this] {
                window_->raise();
                window_->activateWindow();
                tray_->hide();
            };
            connect(tray_, &QSystemTrayIcon::messageClicked, this, raise);
            connect(tray_, &QSystemTrayIcon::activated, this, raise);
            connect(qApp, &QApplication::focusWindowChanged, this, [this](const QWindow* focused) {
                if (focused != nullptr) {
                    tray_->hide();
                }
            });
        }
        tray_->setToolTip(text);
        tray_->show();
        tray_->showMessage(tr("Planish"), text, applicationIcon());
    } else {
        QApplication::alert(window_);
    }
    emit notified(text);
}

} // namespace planish
