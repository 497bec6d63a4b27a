// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QObject>

class QSystemTrayIcon;

namespace planish {

class JobQueue;

/// Tells that the queue has come to its end when nobody looks at the window: by a notification of the desktop
/// where there is one, else by asking for attention in the task bar.
class JobNotifier final : public QObject {
    Q_OBJECT
  public:
    JobNotifier(JobQueue& queue, QWidget* window);

  signals:
    void notified(const QString& text);

  private:
    void jobChanged();
    void notify(const QString& text);

    JobQueue& queue_;
    QWidget* window_;
    QSystemTrayIcon* tray_ = nullptr; ///< made for the first notification
    bool busy_ = false;
};

} // namespace planish
