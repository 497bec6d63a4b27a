// SPDX-License-Identifier: GPL-3.0-or-later
#include "jobs/job_queue.h"
#include "jobs/latest_task.h"
#include "models/job_list_model.h"

#include <QAbstractItemModelTester>
#include <QDir>
#include <QElapsedTimer>
#include <QSignalSpy>
#include <QTemporaryDir>
#include <QTest>
#include <atomic>

using namespace planish;

namespace {

/// Works until it is told to stop.
JobQueue::Completion workForever(JobMonitor& monitor) {
    for (;;) {
        monitor.throwIfCancelled();
        QThread::msleep(2);
    }
}

} // namespace

class TestJobQueue : public QObject {
    Q_OBJECT

  private slots:
    void jobs_run_one_after_the_other_in_the_order_they_were_added();
    void the_result_arrives_on_the_thread_of_the_queue();
    void progress_is_shown_while_a_job_runs();
    void a_running_job_is_cancelled_within_a_second();
    void a_queued_job_is_cancelled_at_once_and_never_starts();
    void a_failure_keeps_its_reason_and_can_be_tried_again();
    void queued_jobs_run_in_the_order_they_were_moved_to();
    void a_paused_queued_job_is_overtaken_until_it_is_resumed();
    void a_running_job_waits_where_it_asks_its_monitor_and_goes_on();
    void a_paused_job_can_be_cancelled();
    void time_that_a_job_is_held_does_not_count();
    void the_log_of_a_job_is_a_file_that_tells_its_stages_and_its_end();
    void only_the_newest_logs_are_kept();
    void only_jobs_that_are_over_can_be_removed();
    void what_is_done_to_thousands_of_jobs_is_told_in_one_signal();
    void destroying_the_queue_stops_its_jobs();
    void a_newer_task_drops_the_result_of_an_older_one();
    void a_failing_task_reports_why();
};

void TestJobQueue::jobs_run_one_after_the_other_in_the_order_they_were_added() {
    JobQueue queue;
    QStringList order;
    std::atomic<int> atTheSameTime = 0;
    std::atomic<int> most = 0;
    for (const QString& name : {QStringLiteral("a"), QStringLiteral("b"), QStringLiteral("c")}) {
        queue.add(name, [&, name](JobMonitor&) -> JobQueue::Completion {
            most = std::max(most.load(), ++atTheSameTime);
            QThread::msleep(5);
            --atTheSameTime;
            return [&order, name] { order.append(name); };
        });
    }
    QCOMPARE(queue.unfinishedCount(), 3);
    QTRY_COMPARE(queue.unfinishedCount(), 0);
    QCOMPARE(order, QStringList({QStringLiteral("a"), QStringLiteral("b"), QStringLiteral("c")}));
    QCOMPARE(most.load(), 1);
}

void TestJobQueue::the_result_arrives_on_the_thread_of_the_queue() {
    JobQueue queue;
    QThread* worked = nullptr;
    QThread* completed = nullptr;
    queue.add(QStringLiteral("job"), [&](JobMonitor&) -> JobQueue::Completion {
        worked = QThread::currentThread();
        return [&] { completed = QThread::currentThread(); };
    });
    QTRY_COMPARE(queue.unfinishedCount(), 0);
    QCOMPARE(completed, QThread::currentThread());
    QVERIFY(worked != completed);
}

void TestJobQueue::progress_is_shown_while_a_job_runs() {
    JobQueue queue;
    std::atomic<bool> release = false;
    const int id = queue.add(QStringLiteral("job"), [&](JobMonitor& monitor) -> JobQueue::Completion {
        monitor.report({"quantize", 0, 4, "first"});
        QThread::msleep(20);
        monitor.report({"quantize", 3, 4, "fourth"});
        while (!release) {
            QThread::msleep(1);
        }
        return nullptr;
    });
    QTRY_COMPARE(queue.job(id)->fraction, 0.75);
    QCOMPARE(queue.job(id)->state, JobState::running);
    QCOMPARE(queue.job(id)->stage, QStringLiteral("quantize: fourth"));
    QVERIFY(queue.job(id)->secondsLeft.has_value());
    release = true;
    QTRY_COMPARE(queue.job(id)->state, JobState::finished);
    QCOMPARE(queue.job(id)->fraction, 1.0);
    QVERIFY(!queue.job(id)->secondsLeft.has_value());
}

void TestJobQueue::a_running_job_is_cancelled_within_a_second() {
    JobQueue queue;
    const int id = queue.add(QStringLiteral("job"), workForever);
    QTRY_COMPARE(queue.job(id)->state, JobState::running);
    QElapsedTimer timer;
    timer.start();
    queue.cancel({id});
    QVERIFY(queue.job(id)->cancelling);
    QTRY_COMPARE(queue.job(id)->state, JobState::cancelled);
    QVERIFY(timer.elapsed() < 1000);
}

void TestJobQueue::a_queued_job_is_cancelled_at_once_and_never_starts() {
    JobQueue queue;
    bool started = false;
    const int blocking = queue.add(QStringLiteral("blocking"), workForever);
    const int waiting = queue.add(QStringLiteral("waiting"), [&](JobMonitor&) -> JobQueue::Completion {
        started = true;
        return nullptr;
    });
    queue.cancel({waiting});
    QCOMPARE(queue.job(waiting)->state, JobState::cancelled);
    queue.cancel({blocking});
    QTRY_COMPARE(queue.unfinishedCount(), 0);
    QVERIFY(!started);
}

void TestJobQueue::a_failure_keeps_its_reason_and_can_be_tried_again() {
    JobQueue queue;
    QSignalSpy failed(&queue, &JobQueue::failed);
    int attempts = 0;
    const int id = queue.add(QStringLiteral("job"), [&](JobMonitor&) -> JobQueue::Completion {
        if (++attempts == 1) {
            throw Error("the disk is full");
        }
        return nullptr;
    });
    QTRY_COMPARE(queue.job(id)->state, JobState::failed);
    QCOMPARE(queue.job(id)->error, QStringLiteral("the disk is full"));
    QCOMPARE(failed.count(), 1);
    queue.retry({id});
    QTRY_COMPARE(queue.job(id)->state, JobState::finished);
    QVERIFY(queue.job(id)->error.isEmpty());
    QCOMPARE(attempts, 2);
}

void TestJobQueue::queued_jobs_run_in_the_order_they_were_moved_to() {
    JobQueue queue;
    QStringList order;
    const int blocking = queue.add(QStringLiteral("blocking"), workForever);
    QTRY_COMPARE(queue.job(blocking)->state, JobState::running);
    std::vector<int> ids;
    for (const QString& name : {QStringLiteral("a"), QStringLiteral("b"), QStringLiteral("c")}) {
        ids.push_back(queue.add(name, [&order, name](JobMonitor&) -> JobQueue::Completion {
            return [&order, name] { order.append(name); };
        }));
    }
    QSignalSpy reordered(&queue, &JobQueue::reordered);
    queue.move(ids[2], 1);
    QCOMPARE(reordered.size(), 1);
    queue.shift({ids[0]}, +1); // c b a
    queue.shift({ids[2]}, -1); // nothing queued above it: the running job stays in front
    QCOMPARE(queue.jobs()[0].id, blocking);
    queue.cancel({blocking});
    QTRY_COMPARE(queue.unfinishedCount(), 0);
    QCOMPARE(order, QStringList({QStringLiteral("c"), QStringLiteral("b"), QStringLiteral("a")}));
}

void TestJobQueue::a_paused_queued_job_is_overtaken_until_it_is_resumed() {
    JobQueue queue;
    QStringList order;
    const auto note = [&order](const QString& name) {
        return [&order, name](JobMonitor&) -> JobQueue::Completion {
            return [&order, name] { order.append(name); };
        };
    };
    const int blocking = queue.add(QStringLiteral("blocking"), workForever);
    const int first = queue.add(QStringLiteral("first"), note(QStringLiteral("first")));
    const int second = queue.add(QStringLiteral("second"), note(QStringLiteral("second")));
    queue.pause({first});
    QVERIFY(queue.job(first)->paused);
    queue.cancel({blocking});
    QTRY_COMPARE(queue.job(second)->state, JobState::finished);
    QCOMPARE(queue.job(first)->state, JobState::queued);
    queue.resume({first});
    QTRY_COMPARE(queue.job(first)->state, JobState::finished);
    QCOMPARE(order, QStringList({QStringLiteral("second"), QStringLiteral("first")}));
}

void TestJobQueue::a_running_job_waits_where_it_asks_its_monitor_and_goes_on() {
    JobQueue queue;
    std::atomic<int> steps = 0;
    const int id = queue.add(QStringLiteral("job"), [&](JobMonitor& monitor) -> JobQueue::Completion {
        for (;;) {
            monitor.throwIfCancelled();
            ++steps;
            QThread::msleep(1);
        }
    });
    QTRY_VERIFY(steps > 3);
    queue.pause({id});
    QTRY_VERIFY(queue.job(id)->held);
    const int reached = steps;
    QTest::qWait(150);
    QCOMPARE(steps.load(), reached);
    QCOMPARE(queue.job(id)->state, JobState::running);
    queue.resume({id});
    QTRY_VERIFY(steps > reached + 3);
    QVERIFY(!queue.job(id)->held);
    queue.cancel({id});
    QTRY_COMPARE(queue.job(id)->state, JobState::cancelled);
}

void TestJobQueue::a_paused_job_can_be_cancelled() {
    JobQueue queue;
    const int running = queue.add(QStringLiteral("running"), workForever);
    const int queued = queue.add(QStringLiteral("queued"), workForever);
    QTRY_COMPARE(queue.job(running)->state, JobState::running);
    queue.pause({running});
    queue.pause({queued});
    QTRY_VERIFY(queue.job(running)->held);
    queue.cancel({queued});
    QCOMPARE(queue.job(queued)->state, JobState::cancelled);
    queue.cancel({running});
    QTRY_COMPARE(queue.job(running)->state, JobState::cancelled);
    QVERIFY(!queue.job(running)->paused && !queue.job(queued)->paused);
}

void TestJobQueue::time_that_a_job_is_held_does_not_count() {
    JobQueue queue;
    const int id = queue.add(QStringLiteral("job"), workForever);
    QTRY_COMPARE(queue.job(id)->state, JobState::running);
    queue.pause({id});
    QTRY_VERIFY(queue.job(id)->held);
    const double before = queue.job(id)->elapsedSeconds;
    QTest::qWait(600);
    QVERIFY(queue.job(id)->elapsedSeconds < before + 0.3);
    queue.cancel({id});
    QTRY_COMPARE(queue.unfinishedCount(), 0);
}

void TestJobQueue::the_log_of_a_job_is_a_file_that_tells_its_stages_and_its_end() {
    const QTemporaryDir folder;
    JobQueue queue;
    queue.keepLogsIn(folder.filePath(QStringLiteral("logs")));
    const int id = queue.add(QStringLiteral("shrink"), [](JobMonitor& monitor) -> JobQueue::Completion {
        monitor.report({"quantize", 0, 2, "first"});
        monitor.report({"quantize", 0, 2, "first"});
        monitor.report({"quantize", 1, 2, "second"});
        throw Error("the disk is full");
    });
    QTRY_COMPARE(queue.job(id)->state, JobState::failed);
    const QString text = queue.log(id)->text();
    for (const char* part : {"queued: shrink", "started by planish", "quantize: first", "quantize: second",
                             "failed: the disk is full"}) {
        QCOMPARE(text.count(QLatin1String(part)), 1);
    }
    QFile file(queue.log(id)->fileName());
    QVERIFY(file.open(QIODevice::ReadOnly));
    QCOMPARE(QString::fromUtf8(file.readAll()), text + QLatin1Char('\n'));
}

void TestJobQueue::only_the_newest_logs_are_kept() {
    const QTemporaryDir folder;
    for (int i = 10; i < 20; ++i) {
        JobLog().keepIn(folder.filePath(QStringLiteral("20240101-0000%1-000-1.log").arg(i)));
    }
    const auto count = [&] {
        return static_cast<int>(QDir(folder.path()).entryList({QStringLiteral("*.log")}).size());
    };
    pruneJobLogs(folder.path(), 3);
    QCOMPARE(count(), 3);
    QVERIFY(QFile::exists(folder.filePath(QStringLiteral("20240101-000019-000-1.log"))));

    // Also while the program runs, and jobs that only wait have none.
    JobQueue queue;
    queue.keepLogsIn(folder.path());
    std::vector<JobQueue::Job> jobs(60, {QStringLiteral("short"), [](JobMonitor&) { return nullptr; }});
    std::atomic<int> whenTheFirstStarted = 0;
    jobs.front().work = [&](JobMonitor&) -> JobQueue::Completion {
        whenTheFirstStarted = count();
        return nullptr;
    };
    const auto ids = queue.add(jobs);
    QTRY_COMPARE(queue.unfinishedCount(), 0);
    QCOMPARE(whenTheFirstStarted.load(), 4);
    QCOMPARE(count(), 50);
    QVERIFY(QFile::exists(queue.log(ids.back())->fileName()));
}

void TestJobQueue::only_jobs_that_are_over_can_be_removed() {
    JobQueue queue;
    const int id = queue.add(QStringLiteral("job"), workForever);
    queue.remove({id});
    QCOMPARE(queue.jobs().size(), std::size_t{1});
    queue.cancel({id});
    QTRY_COMPARE(queue.unfinishedCount(), 0);
    queue.removeFinished();
    QVERIFY(queue.jobs().empty());
}

void TestJobQueue::what_is_done_to_thousands_of_jobs_is_told_in_one_signal() {
    JobQueue queue;
    JobListModel model(queue);
    const QAbstractItemModelTester tester(&model);
    const int running = queue.add(QStringLiteral("running"), workForever);
    QTRY_COMPARE(queue.job(running)->state, JobState::running);
    queue.pause({running}); // its progress is no news in what follows
    QTRY_VERIFY(queue.job(running)->held);
    constexpr int count = 5000;
    std::vector<JobQueue::Job> jobs(count, {QStringLiteral("job"), [](JobMonitor&) { return nullptr; }});
    QSignalSpy inserted(&model, &QAbstractItemModel::rowsInserted);
    const JobQueue::Ids ids = queue.add(std::move(jobs));
    QCOMPARE(inserted.size(), 1);
    QCOMPARE(model.rowCount(), 1 + count);

    QSignalSpy reordered(&model, &QAbstractItemModel::layoutChanged);
    queue.shift({ids.end() - 1000, ids.end()}, -1);
    QCOMPARE(reordered.size(), 1);
    QCOMPARE(model.job(count).id, ids[ids.size() - 1001]);
    QSignalSpy changed(&queue, &JobQueue::changed);
    queue.pause(ids);
    queue.resume(ids);
    queue.cancel(ids);
    queue.retry(ids);
    queue.cancelAll();
    QVERIFY2(changed.size() < 5 + 10, qPrintable(QString::number(changed.size()))); // and some progress
    for (const int id : ids) {
        QCOMPARE(queue.job(id)->state, JobState::cancelled);
    }
    QSignalSpy removed(&model, &QAbstractItemModel::rowsRemoved);
    queue.remove(ids);
    QCOMPARE(removed.size(), 1);
    QTRY_COMPARE(queue.unfinishedCount(), 0);
}

void TestJobQueue::destroying_the_queue_stops_its_jobs() {
    QElapsedTimer timer;
    timer.start();
    {
        JobQueue queue;
        queue.add(QStringLiteral("running"), workForever);
        queue.add(QStringLiteral("queued"), workForever);
        QTRY_COMPARE(queue.jobs().front().state, JobState::running);
    }
    QVERIFY(timer.elapsed() < 2000);
}

void TestJobQueue::a_newer_task_drops_the_result_of_an_older_one() {
    LatestTask task;
    QStringList delivered;
    const auto fail = [&](const QString& message) { delivered.append(message); };
    std::atomic<bool> olderStarted = false;
    task.start(
        [&](JobMonitor& monitor) -> LatestTask::Completion {
            olderStarted = true;
            while (!monitor.cancelled()) {
                QThread::msleep(1);
            }
            return [&] { delivered.append(QStringLiteral("older")); };
        },
        fail);
    QTRY_VERIFY(olderStarted.load());
    task.start(
        [&](JobMonitor&) -> LatestTask::Completion {
            return [&] { delivered.append(QStringLiteral("newer")); };
        },
        fail);
    QTRY_VERIFY(!task.isRunning());
    QCOMPARE(delivered, QStringList(QStringLiteral("newer")));
}

void TestJobQueue::a_failing_task_reports_why() {
    LatestTask task;
    QString message;
    task.start([](JobMonitor&) -> LatestTask::Completion { throw Error("no such folder"); },
               [&](const QString& why) { message = why; });
    QTRY_COMPARE(message, QStringLiteral("no such folder"));
}

QTEST_GUILESS_MAIN(TestJobQueue)
#include "tst_job_queue.moc"
