// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "jobs/job_queue.h"
#include "main_window.h"
#include "workbench.h"

#include <QElapsedTimer>
#include <QEventLoop>
#include <QSettings>
#include <QTemporaryDir>
#include <QTest>
#include <QTimer>
#include <algorithm>
#include <memory>

namespace planish::test {

constexpr int patience = 120'000; ///< milliseconds; slow machines and sanitizers

/// A real event loop until the queue has nothing left to do: the polling of QTRY_ would count as stalls.
inline void waitForJobs(JobQueue& queue) {
    QEventLoop loop;
    QObject::connect(&queue, &JobQueue::changed, &loop, [&] {
        if (queue.unfinishedCount() == 0) {
            loop.quit();
        }
    });
    QTimer::singleShot(patience, &loop, &QEventLoop::quit);
    if (queue.unfinishedCount() > 0) {
        loop.exec();
    }
    QCOMPARE(queue.unfinishedCount(), 0);
}

/// The longest time the event loop did not come back to its timers.
class StallWatch {
  public:
    StallWatch() {
        QObject::connect(&timer_, &QTimer::timeout, &timer_,
                         [this] { longest_ = std::max(longest_, sinceTick_.restart()); });
        sinceTick_.start();
        timer_.start(1);
    }
    qint64 longestMilliseconds() const { return std::max(longest_, sinceTick_.elapsed()); }

  private:
    QTimer timer_;
    QElapsedTimer sinceTick_;
    qint64 longest_ = 0;
};

/// The whole program with a home folder of its own, to be started and ended within a test.
class Program {
  public:
    Program() {
        const QByteArray folder = home.path().toUtf8();
        for (const char* name : {"HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME"}) {
            qputenv(name, folder);
        }
        QCoreApplication::setOrganizationName(QStringLiteral("planish"));
        QCoreApplication::setApplicationName(QStringLiteral("planish"));
        QSettings::setDefaultFormat(QSettings::IniFormat);
        QSettings::setPath(QSettings::IniFormat, QSettings::UserScope, home.path());
    }
    ~Program() { close(); }

    /// Starts and waits until model and document are open.
    void start(const QStringList& arguments = {}) {
        workbench = std::make_unique<Workbench>();
        window = std::make_unique<MainWindow>(*workbench);
        window->show();
        window->start(arguments);
        QTRY_VERIFY_WITH_TIMEOUT(workbench->editor().hasModel() && !workbench->documentPath().isEmpty(),
                                 patience);
        QVERIFY(QTest::qWaitForWindowActive(window.get()));
    }
    void close() {
        if (window) {
            window->close();
        }
        window.reset();
        workbench.reset();
    }
    void waitForJobs() { test::waitForJobs(workbench->queue()); }

    QTemporaryDir home;
    std::unique_ptr<Workbench> workbench;
    std::unique_ptr<MainWindow> window; ///< goes before what it shows
};

} // namespace planish::test
