// SPDX-License-Identifier: GPL-3.0-or-later
// Jobs as people handle them: in the panel by mouse and keys, and over the end of the program.
#include "dialogs/job_log_dialog.h"
#include "job_notifier.h"
#include "models/job_list_model.h"
#include "program_fixture.h"
#include "support/file.h"
#include "support/system.h"
#include "test_support.h"
#include "views/frontier_view.h"
#include "views/job_panel.h"
#include "views/notice_bar.h"
#include "views/restore_bar.h"

#include <QAbstractItemModelTester>
#include <QAction>
#include <QListView>
#include <QPushButton>
#include <QSignalSpy>

using namespace planish;

namespace {

JobQueue::Completion workForever(JobMonitor& monitor) {
    for (;;) {
        monitor.throwIfCancelled();
        QThread::msleep(2);
    }
}

JobQueue::Completion nothing(JobMonitor&) {
    return nullptr;
}

QStringList titles(const JobQueue& queue) {
    QStringList list;
    for (const JobStatus& job : queue.jobs()) {
        list.append(job.title);
    }
    return list;
}

QPushButton* button(NoticeBar* bar, const QString& text) {
    for (QPushButton* candidate : bar->findChildren<QPushButton*>()) {
        if (candidate->text().remove(QLatin1Char('&')) == text) {
            return candidate;
        }
    }
    return nullptr;
}

/// A sweep of two short runs.
QString writeSweep(const QTemporaryDir& folder) {
    test::writeFile(std::filesystem::path(folder.path().toStdString()) / "sweep.json",
                    R"({"schema": "planish.sweep/1", "models": ["folio-4m"], "texts": ["docs"],
                        "context": 128, "windows": 2, "codecs": ["int8:g64", "int4:g64"]})");
    return folder.filePath(QStringLiteral("sweep.json"));
}

} // namespace

class TestJobs : public QObject {
    Q_OBJECT

  private slots:
    void jobs_are_moved_by_keys_and_by_dragging_rows();
    void pausing_from_the_panel_holds_a_running_job_and_resumes_it();
    void a_run_is_held_within_a_second_and_ends_like_one_that_was_not();
    void the_longest_stall_of_the_window_during_a_sweep_is_reported();
    void the_log_opens_from_the_panel_and_grows();
    void the_end_of_the_queue_is_told_when_the_window_is_not_active();
    void pending_runs_survive_a_round_trip();
    void an_unfinished_queue_is_offered_at_the_next_start();
    void a_forgotten_queue_is_not_offered_again();
    void a_damaged_queue_is_told_and_kept_aside();
    void the_edited_recipe_is_offered_at_the_next_start();
    void a_recipe_whose_model_is_gone_stays_offered();
    void the_next_start_opens_what_was_open();
    void a_sweep_of_thousands_is_queued_in_one_step();
};

void TestJobs::jobs_are_moved_by_keys_and_by_dragging_rows() {
    JobQueue queue;
    JobPanel panel(queue);
    const QAbstractItemModelTester tester(panel.list()->model());
    panel.resize(500, 400);
    panel.show();
    QVERIFY(QTest::qWaitForWindowActive(&panel));
    queue.add(QStringLiteral("running"), workForever);
    QTRY_COMPARE(queue.jobs()[0].state, JobState::running);
    for (const char* name : {"a", "b", "c"}) {
        queue.add(QString::fromLatin1(name), nothing);
    }
    const auto rect = panel.list()->visualRect(panel.list()->model()->index(3, 0));
    QTest::mouseClick(panel.list()->viewport(), Qt::LeftButton, {}, rect.center());
    panel.list()->setFocus();
    QTest::keyClick(panel.list(), Qt::Key_Up, Qt::AltModifier);
    QCOMPARE(titles(queue), QStringList({"running", "a", "c", "b"}));
    QCOMPARE(panel.list()->currentIndex().row(), 2); // the selection goes along
    QTest::keyClick(panel.list(), Qt::Key_Up, Qt::AltModifier);
    QTest::keyClick(panel.list(), Qt::Key_Up, Qt::AltModifier); // not above the running one
    QCOMPARE(titles(queue), QStringList({"running", "c", "a", "b"}));
    QTest::keyClick(panel.list(), Qt::Key_Down, Qt::AltModifier);
    QCOMPARE(titles(queue), QStringList({"running", "a", "c", "b"}));

    auto* model = panel.list()->model(); // what dropping a row calls
    QVERIFY(model->flags(model->index(1, 0)).testFlag(Qt::ItemIsDragEnabled));
    QVERIFY(!model->flags(model->index(0, 0)).testFlag(Qt::ItemIsDragEnabled));
    QVERIFY(model->moveRow({}, 1, {}, 4));
    QCOMPARE(titles(queue), QStringList({"running", "c", "b", "a"}));
    QVERIFY(!model->moveRow({}, 1, {}, 1));
}

void TestJobs::pausing_from_the_panel_holds_a_running_job_and_resumes_it() {
    JobQueue queue;
    JobPanel panel(queue);
    panel.show();
    QVERIFY(QTest::qWaitForWindowActive(&panel));
    const int running = queue.add(QStringLiteral("running"), workForever);
    const int waiting = queue.add(QStringLiteral("waiting"), nothing);
    QTRY_COMPARE(queue.job(running)->state, JobState::running);
    panel.list()->setFocus();
    QTest::keyClick(panel.list(), Qt::Key_P); // nothing selected: all
    QVERIFY(queue.job(running)->paused && queue.job(waiting)->paused);
    QTRY_VERIFY(queue.job(running)->held);
    QVERIFY(jobDetail(*queue.job(running)).startsWith(QStringLiteral("paused")));
    QTRY_COMPARE(panel.pauseAction()->text(), QStringLiteral("Re&sume"));
    QVERIFY2(panel.pauseAction()->shortcut().isEmpty(), "P in the menu bar opens a menu");
    QTest::keyClick(panel.list(), Qt::Key_P);
    QVERIFY(!queue.job(running)->paused && !queue.job(waiting)->paused);
    queue.cancel({running});
    QTRY_COMPARE(queue.job(waiting)->state, JobState::finished);
}

void TestJobs::a_run_is_held_within_a_second_and_ends_like_one_that_was_not() {
    test::Program program;
    program.start();
    Workbench& workbench = *program.workbench;
    workbench.openSweep(writeSweep(program.home));
    QTRY_COMPARE(workbench.queue().jobs().size(), std::size_t{2});
    JobQueue& queue = workbench.queue();
    const int first = queue.jobs().front().id;
    QTRY_COMPARE_WITH_TIMEOUT(queue.job(first)->state, JobState::running, test::patience);
    QElapsedTimer timer;
    timer.start();
    queue.pause({first});
    QTRY_VERIFY_WITH_TIMEOUT(queue.job(first)->held || queue.job(first)->isOver(), test::patience);
    qInfo("held after %lld ms", timer.elapsed());
    QTest::qWait(300);
    queue.resume({first});
    program.waitForJobs();
    QCOMPARE(workbench.runs().count(), 2);
}

void TestJobs::the_longest_stall_of_the_window_during_a_sweep_is_reported() {
    test::Program program;
    program.start();
    const test::StallWatch watch;
    program.workbench->openSweep(writeSweep(program.home));
    QEventLoop queued;
    connect(&program.workbench->queue(), &JobQueue::added, &queued, &QEventLoop::quit);
    queued.exec();
    program.waitForJobs();
    QCOMPARE(program.workbench->runs().count(), 2);
    // Reported, not asserted: a loaded machine stalls whatever the program does.
    qInfo("longest stall of the event loop during a sweep: %lld ms", watch.longestMilliseconds());
}

void TestJobs::the_log_opens_from_the_panel_and_grows() {
    JobQueue queue;
    JobPanel panel(queue);
    panel.show();
    QVERIFY(QTest::qWaitForWindowActive(&panel));
    std::atomic<bool> go = false;
    queue.add(QStringLiteral("job"), [&go](JobMonitor& monitor) -> JobQueue::Completion {
        while (!go) {
            QThread::msleep(1);
        }
        monitor.report({"evaluate", 1, 2, "window 1"});
        return nullptr;
    });
    QTRY_COMPARE(queue.jobs()[0].state, JobState::running);
    panel.list()->setCurrentIndex(panel.list()->model()->index(0, 0));
    panel.list()->setFocus();
    QTest::keyClick(panel.list(), Qt::Key_L);
    auto* dialog = panel.findChild<JobLogDialog*>();
    QVERIFY(dialog != nullptr && dialog->isVisible());
    QVERIFY(dialog->text().contains(QStringLiteral("queued: job")));
    go = true;
    QTRY_VERIFY(dialog->text().contains(QStringLiteral("evaluate: window 1")));
    QTRY_VERIFY(dialog->text().contains(QStringLiteral("finished after")));
}

void TestJobs::the_end_of_the_queue_is_told_when_the_window_is_not_active() {
    JobQueue queue;
    QWidget window;
    QWidget other;
    JobNotifier notifier(queue, &window);
    QSignalSpy told(&notifier, &JobNotifier::notified);
    window.show();
    QVERIFY(QTest::qWaitForWindowActive(&window));
    queue.add(QStringLiteral("seen"), nothing);
    QTRY_COMPARE(queue.unfinishedCount(), 0);
    QCOMPARE(told.size(), 0);
    other.show();
    other.activateWindow();
    QVERIFY(QTest::qWaitForWindowActive(&other));
    queue.add(QStringLiteral("one"), nothing);
    queue.add(QStringLiteral("two"), [](JobMonitor&) -> JobQueue::Completion { throw Error("no"); });
    QTRY_COMPARE(queue.unfinishedCount(), 0);
    QCOMPARE(told.size(), 1); // once, not for each job
    QVERIFY(told[0][0].toString().contains(QStringLiteral("failed")));
}

void TestJobs::pending_runs_survive_a_round_trip() {
    RunSpec spec;
    spec.model = "folio-4m";
    spec.corpus = "docs";
    spec.recipe = Recipe::uniform("int4:g64+gptq");
    spec.evaluation.windows = 3;
    spec.evaluation.context = 128;
    spec.seed = 7;
    spec.calibration = CalibrationSettings();
    spec.calibration->samples = 16;
    const auto shared = std::make_shared<const RunSpec>(spec);
    const std::vector<PendingRun> runs{{shared, "/somewhere/results.h5", true}, {shared, "b.h5", false}};
    const std::vector<PendingRun> back = pendingRunsFromJson(toJson(runs), "queue.json");
    QCOMPARE(back.size(), std::size_t{2});
    QVERIFY(back[0].spec->recipe == spec.recipe);
    QCOMPARE(back[0].spec->seed, spec.seed);
    QCOMPARE(back[0].spec->evaluation.windows, spec.evaluation.windows);
    QCOMPARE(back[0].spec->calibration->samples, std::size_t{16});
    QCOMPARE(back[0].document, std::string("/somewhere/results.h5"));
    QVERIFY(back[0].selectsKnown && !back[1].selectsKnown);
    Json wrong = toJson(runs);
    wrong["runs"][1]["run"]["codecs"] = Json::array({"int4"});
    QVERIFY(test::errorOf([&] {
                pendingRunsFromJson(wrong, "queue.json");
            }).contains(QStringLiteral("queue.json: run 2")));
}

void TestJobs::an_unfinished_queue_is_offered_at_the_next_start() {
    test::Program program;
    program.start();
    program.workbench->openSweep(writeSweep(program.home));
    QTRY_COMPARE(program.workbench->queue().jobs().size(), std::size_t{2});
    program.workbench->queue().pause({program.workbench->queue().jobs()[0].id});
    program.workbench->queue().pause({program.workbench->queue().jobs()[1].id});
    program.close();

    program.start();
    RestoreBar* bar = program.window->restoreBar();
    QTRY_VERIFY(bar->runs()->isVisible());
    QVERIFY2(bar->runs()->text().contains(QStringLiteral("int8:g64")) ||
                 bar->runs()->text().contains(QStringLiteral("int4:g64")),
             qPrintable(bar->runs()->text()));
    QCOMPARE(program.workbench->queue().unfinishedCount(), 0); // offered, not done unasked
    QTest::mouseClick(button(bar->runs(), QStringLiteral("Queue them again")), Qt::LeftButton);
    QVERIFY(!bar->runs()->isVisible());
    QTRY_COMPARE(program.workbench->queue().jobs().size(), std::size_t{2});
    program.waitForJobs();
    QCOMPARE(program.workbench->runs().count(), 2);
    program.close();

    program.start();
    QTest::qWait(200);
    QVERIFY(!program.window->restoreBar()->runs()->isVisible());
}

void TestJobs::a_forgotten_queue_is_not_offered_again() {
    test::Program program;
    program.start();
    program.workbench->openSweep(writeSweep(program.home));
    QTRY_COMPARE(program.workbench->queue().jobs().size(), std::size_t{2});
    program.workbench->queue().pause({program.workbench->queue().jobs()[1].id});
    program.close();
    program.start();
    QTRY_VERIFY(program.window->restoreBar()->runs()->isVisible());
    QTest::mouseClick(button(program.window->restoreBar()->runs(), QStringLiteral("Forget them")),
                      Qt::LeftButton);
    program.close();
    QVERIFY(!QFile::exists(program.home.filePath(QStringLiteral("planish/planish/session/queue.json"))));
}

void TestJobs::a_damaged_queue_is_told_and_kept_aside() {
    test::Program program;
    const QString file = program.home.filePath(QStringLiteral("planish/planish/session/queue.json"));
    test::writeFile(file.toStdString(), R"({"schema": "planish.queue/1", "runs": [{"document": 3}]})");
    program.start();
    QTRY_VERIFY(program.window->messages()->isVisible());
    QVERIFY2(program.window->messages()->text().contains(QStringLiteral("queue.json: run 1")),
             qPrintable(program.window->messages()->text()));
    QVERIFY(QFile::exists(file + QStringLiteral(".damaged")));
}

void TestJobs::the_edited_recipe_is_offered_at_the_next_start() {
    test::Program program;
    program.start();
    program.workbench->editor().setName(QStringLiteral("half done"));
    program.workbench->editor().setCodec({2}, Codec::parse("int3:g64"));
    program.workbench->editor().setName(QStringLiteral("half done"));
    const Recipe edited = program.workbench->editor().recipe();
    program.close();
    program.start();
    RestoreBar* bar = program.window->restoreBar();
    QTRY_VERIFY(bar->recipe()->isVisible());
    QVERIFY(bar->recipe()->text().contains(QStringLiteral("half done")));
    QVERIFY(!(program.workbench->editor().recipe() == edited));
    QTest::mouseClick(button(bar->recipe(), QStringLiteral("Restore it")), Qt::LeftButton);
    QVERIFY(program.workbench->editor().recipe() == edited);
    program.workbench->editor().undoStack()->undo();
    QVERIFY(!(program.workbench->editor().recipe() == edited));
}

void TestJobs::a_recipe_whose_model_is_gone_stays_offered() {
    test::Program program;
    const QString model = program.home.filePath(QStringLiteral("moved"));
    const QString file = program.home.filePath(QStringLiteral("planish/planish/session/recipe.json"));
    const Json saved{{"schema", "planish.working-recipe/1"},
                     {"model", model.toStdString()},
                     {"recipe", Recipe::uniform("int3:g32").toJson()}};
    test::writeFile(file.toStdString(), saved.dump());
    program.start();
    RestoreBar* bar = program.window->restoreBar();
    QTRY_VERIFY(bar->recipe()->isVisible());
    QTest::mouseClick(button(bar->recipe(), QStringLiteral("Restore it")), Qt::LeftButton);
    QTRY_VERIFY(program.window->messages()->text().contains(model));
    QVERIFY(bar->recipe()->isVisible());
    QVERIFY(QFile::exists(file));

    const std::filesystem::path bundled = resourceFolder() / "models" / "folio-4m";
    QVERIFY(QFile::link(QString::fromStdString(bundled.string()), model)); // it is back
    QTest::mouseClick(button(bar->recipe(), QStringLiteral("Restore it")), Qt::LeftButton);
    QTRY_VERIFY(!bar->recipe()->isVisible());
    QVERIFY(program.workbench->editor().recipe().rules == Recipe::uniform("int3:g32").rules);
}

/// Queueing costs each run the same, however many there are: views are told once.
void TestJobs::a_sweep_of_thousands_is_queued_in_one_step() {
    test::Program program;
    program.start();
    Workbench& workbench = *program.workbench;
    workbench.queue().add(QStringLiteral("first"), [](JobMonitor& monitor) -> JobQueue::Completion {
        for (;;) {
            monitor.throwIfCancelled();
            QThread::msleep(2);
        }
    });
    std::vector<RunSpec> specs;
    for (int i = 0; i < 5000; ++i) {
        RunSpec spec = workbench.spec(QStringLiteral("docs"), {}, 0);
        spec.recipe = Recipe::uniform(i % 2 == 0 ? "int4:g64" : "int3:g64");
        spec.recipe.name = "run " + std::to_string(i);
        specs.push_back(std::move(spec));
    }
    QSignalSpy added(&workbench.queue(), &JobQueue::added);
    QSignalSpy pending(&workbench.runJobs(), &RunJobs::pendingChanged);
    QSignalSpy drawn(program.window->frontier()->plot(), &FrontierPlot::redrawn);
    QElapsedTimer timer;
    timer.start();
    const test::StallWatch watch;
    QEventLoop queued;
    connect(&workbench, &Workbench::informed, &queued, &QEventLoop::quit);
    workbench.queueSweep(specs);
    queued.exec();
    qInfo("5000 runs queued in %lld ms, longest stall of the event loop %lld ms", timer.elapsed(),
          watch.longestMilliseconds());
    QCOMPARE(workbench.runJobs().pending().size(), specs.size());
    QCOMPARE(workbench.runJobs().expected().size(), specs.size());
    QCOMPARE(added.size(), 1);
    QCOMPARE(pending.size(), 1);
    QVERIFY(drawn.size() <= 2); // and once for what is predicted meanwhile
    timer.restart();
    workbench.queue().cancelAll();
    qInfo("5000 runs cancelled in %lld ms", timer.elapsed());
    QCOMPARE(pending.size(), 2);
    program.waitForJobs();
}

void TestJobs::the_next_start_opens_what_was_open() {
    test::Program program;
    const QString document = program.home.filePath(QStringLiteral("other.h5"));
    program.start({QStringLiteral("folio-23m")});
    program.workbench->saveDocumentAs(document);
    QTRY_COMPARE(program.workbench->documentPath(), document);
    program.close();
    program.start();
    QCOMPARE(program.workbench->editor().modelName(), QStringLiteral("folio-23m"));
    QCOMPARE(program.workbench->documentPath(), document);
    program.close();
    QFile::remove(document);
    program.start();
    QCOMPARE(program.workbench->documentPath(), MainWindow::defaultDocument());
}

QTEST_MAIN(TestJobs)
#include "tst_jobs.moc"
