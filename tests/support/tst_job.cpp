// SPDX-License-Identifier: GPL-3.0-or-later
#include "support/job.h"
#include "support/workers.h"
#include "test_support.h"

#include <QTest>
#include <atomic>
#include <mutex>
#include <set>
#include <thread>

using namespace planish;

namespace {

/// Cancels after a number of questions.
class ImpatientMonitor final : public JobMonitor {
  public:
    explicit ImpatientMonitor(int patience) : patience_(patience) {}
    void report(const Progress&) override {}
    bool cancelled() const override { return asked_++ >= patience_; }

  private:
    int patience_;
    mutable std::atomic<int> asked_{0};
};

/// Keeps the last report.
class LastReport final : public JobMonitor {
  public:
    void report(const Progress& progress) override { last = progress; }
    bool cancelled() const override { return false; }
    Progress last;
};

} // namespace

class JobTest : public QObject {
    Q_OBJECT

    using Clock = RemainingTime::Clock;

  private slots:
    void every_item_is_done_once_on_any_number_of_threads() {
        for (const int threads : {1, 2, 7}) {
            Workers workers(threads);
            QCOMPARE(workers.threads(), threads);
            std::vector<std::atomic<int>> done(1000);
            workers.forEach(done.size(), [&](std::size_t i) { ++done[i]; });
            for (const auto& count : done) {
                QCOMPARE(count.load(), 1);
            }
            workers.forEach(0, [](std::size_t) { throw Error("never called"); });
        }
    }

    void no_more_threads_work_than_asked_for() {
        Workers workers(2);
        std::mutex mutex;
        std::set<std::thread::id> seen;
        workers.forEach(64, [&](std::size_t) {
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
            const std::scoped_lock lock(mutex);
            seen.insert(std::this_thread::get_id());
        });
        QVERIFY(!seen.empty() && seen.size() <= 2);
        QVERIFY(Workers().threads() >= 1);
    }

    void an_error_in_one_item_ends_the_work_and_arrives() {
        Workers workers(2);
        std::atomic<int> done = 0;
        const QString message = test::errorOf([&] {
            workers.forEach(10'000, [&](std::size_t i) {
                ++done;
                if (i == 0) {
                    throw Error("item 0 failed");
                }
                std::this_thread::sleep_for(
                    std::chrono::milliseconds(1)); // the error gets its time to arrive
            });
        });
        QCOMPARE(message, "item 0 failed");
        QVERIFY(done < 10'000);
        workers.forEach(3, [&](std::size_t) { done = 0; }); // still usable
        QCOMPARE(done.load(), 0);
    }

    void cancelling_ends_the_work() {
        Workers workers(2);
        const ImpatientMonitor monitor(10);
        std::atomic<int> done = 0;
        QVERIFY_EXCEPTION_THROWN(workers.forEach(
                                     1000, [&](std::size_t) { ++done; }, monitor),
                                 Cancelled);
        QVERIFY(done <= 11);
        QVERIFY(!SilentMonitor().cancelled());
    }

    void a_part_of_a_job_moves_through_its_share_of_the_whole() {
        LastReport whole;
        PartMonitor part(whole, 0.5, 0.75, "evaluate");
        part.report({"quantize", 2, 4, "q_proj"});
        QCOMPARE(whole.last.stage, std::string("evaluate"));
        QCOMPARE(whole.last.what, std::string("q_proj"));
        QCOMPARE(static_cast<double>(whole.last.done) / static_cast<double>(whole.last.total), 0.625);
        PartMonitor(whole, 0, 1).report({"quantize", 9, 4, ""});
        QCOMPARE(whole.last.stage, std::string("quantize"));
        QCOMPARE(whole.last.done, whole.last.total);
    }

    void the_time_left_follows_the_completed_fraction() {
        RemainingTime remaining;
        const Clock::time_point start;
        QVERIFY(!remaining.update({"evaluate", 0, 100, ""}, start));
        QVERIFY(!remaining.update({"evaluate", 1, 100, ""}, start + std::chrono::milliseconds(100)));
        const auto left = remaining.update({"evaluate", 25, 100, ""}, start + std::chrono::seconds(10));
        QVERIFY(left.has_value());
        QCOMPARE(*left, 30.0);
        QCOMPARE(*remaining.update({"evaluate", 100, 100, ""}, start + std::chrono::seconds(20)), 0.0);
    }

    void the_time_left_forgets_what_was_done_before_and_other_totals() {
        RemainingTime remaining;
        const Clock::time_point start;
        QVERIFY(!remaining.update({"sweep", 50, 100, ""}, start)); // resumed in the middle
        QCOMPARE(*remaining.update({"sweep", 75, 100, ""}, start + std::chrono::seconds(5)), 5.0);
        QVERIFY(!remaining.update({"sweep", 75, 200, ""}, start + std::chrono::seconds(5)));
        QVERIFY(!remaining.update({"sweep", 75, 0, ""}, start + std::chrono::seconds(9)));
    }
};

QTEST_APPLESS_MAIN(JobTest)
#include "tst_job.moc"
