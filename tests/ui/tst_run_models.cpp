// SPDX-License-Identifier: GPL-3.0-or-later
#include "jobs/run_jobs.h"
#include "models/comparison.h"
#include "models/job_list_model.h"
#include "models/run_filter_model.h"
#include "models/run_selection.h"
#include "models/run_table_model.h"
#include "run_fixtures.h"

#include <QAbstractItemModelTester>
#include <QSignalSpy>
#include <QTest>
#include <array>

using namespace planish;
using planish::test::makeRun;
using planish::test::makeRuns;

namespace {

QStringList names(const QAbstractItemModel& model) {
    QStringList list;
    for (int row = 0; row < model.rowCount(); ++row) {
        list.append(model.index(row, RunTableModel::nameColumn).data().toString());
    }
    return list;
}

QStringList words(const char* text) {
    return QString::fromLatin1(text).split(QLatin1Char(' '));
}

} // namespace

class TestRunModels : public QObject {
    Q_OBJECT

  private slots:
    void the_table_follows_its_collection();
    void a_new_run_takes_others_off_the_frontier();
    void a_run_is_never_there_twice();
    void differences_always_show_their_error();
    void every_field_of_a_run_has_a_column();
    void warnings_are_marked_and_told();
    void sorting_is_by_value_and_unmeasured_comes_last();
    void the_filter_needs_every_word();
    void the_selection_tells_only_real_changes();
    void the_job_list_follows_its_queue();
    void runs_of_one_name_are_told_apart();
    void jobs_of_one_recipe_are_told_apart();
};

void TestRunModels::the_table_follows_its_collection() {
    RunCollection runs;
    RunTableModel model(runs);
    const QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::QtTest);
    RunFilterModel filter;
    filter.setSourceModel(&model);
    const QAbstractItemModelTester filterTester(&filter,
                                                QAbstractItemModelTester::FailureReportingMode::QtTest);
    filter.sort(model.columnOf(QStringLiteral("bits_per_weight")));
    runs.setRuns(makeRuns());
    QCOMPARE(names(model), words("fine middle wasteful coarse"));
    runs.add(makeRun("new", 4, 7));
    QCOMPARE(names(model), words("fine middle wasteful coarse new"));
    QCOMPARE(names(filter), words("coarse new middle wasteful fine"));
    runs.remove({"id-fine", "id-wasteful", "id-unknown"});
    QCOMPARE(names(model), words("middle coarse new"));
    runs.setRuns({});
    QCOMPARE(model.rowCount(), 0);
}

void TestRunModels::a_new_run_takes_others_off_the_frontier() {
    RunCollection runs;
    RunTableModel model(runs);
    runs.setRuns(makeRuns());
    const auto onFrontier = [&](int row) {
        return model.index(row, 0).data(RunTableModel::frontierRole).toBool();
    };
    QVERIFY(onFrontier(1));
    QVERIFY(!onFrontier(2));
    QSignalSpy changed(&model, &QAbstractItemModel::dataChanged);
    runs.add(makeRun("better", 4, 1));
    QVERIFY(!onFrontier(1));
    QVERIFY(onFrontier(4));
    QVERIFY(changed.count() > 0);
}

void TestRunModels::a_run_is_never_there_twice() {
    RunCollection runs;
    runs.add(makeRun("one", 4, 1));
    runs.add(makeRun("one", 4, 1));
    QCOMPARE(runs.count(), 1);
}

void TestRunModels::differences_always_show_their_error() {
    QCOMPARE(formatDelta(1.2345, 0.456), QStringLiteral("+1.23 ± 0.46"));
    QCOMPARE(formatDelta(-12.345, 1.5), QStringLiteral("−12.3 ± 1.5"));
    QCOMPARE(formatDelta(0, 0), QStringLiteral("0 ± 0"));
    QCOMPARE(formatDelta(3, notMeasured), QStringLiteral("+3.000 ± ?"));
    QCOMPARE(formatDelta(notMeasured, notMeasured), QStringLiteral("–"));
    RunCollection runs;
    RunTableModel model(runs);
    runs.add(makeRun("one", 4, 1.25, 0.5));
    const int column = model.columnOf(QStringLiteral("delta_ppl_percent"));
    QCOMPARE(model.index(0, column).data().toString(), QStringLiteral("+1.25 ± 0.50"));
    QCOMPARE(model.headerData(column, Qt::Horizontal).toString(), QStringLiteral("ΔPPL (%)"));
    QCOMPARE(model.index(0, column).data(RunTableModel::sortRole).toDouble(), 1.25);
}

void TestRunModels::warnings_are_marked_and_told() {
    RunCollection runs;
    RunTableModel model(runs);
    RunRecord warned = makeRun("warned", 4, 1);
    warned.warnings = {"Too little text.", "The rounding did not help."};
    runs.setRuns({makeRun("plain", 5, 1), warned});
    const auto data = [&](int row, int role) {
        return model.index(row, RunTableModel::nameColumn).data(role);
    };
    QVERIFY(!data(0, Qt::DecorationRole).isValid());
    QCOMPARE(data(0, Qt::ToolTipRole).toString(), QStringLiteral("plain"));
    QVERIFY(data(1, Qt::DecorationRole).isValid());
    QCOMPARE(data(1, Qt::DisplayRole).toString(), QStringLiteral("warned"));
    for (const int role : {int(Qt::ToolTipRole), int(Qt::AccessibleTextRole)}) {
        QVERIFY(data(1, role).toString().contains(QStringLiteral("Too little text.")));
        QVERIFY(data(1, role).toString().contains(QStringLiteral("The rounding did not help.")));
    }
}

void TestRunModels::every_field_of_a_run_has_a_column() {
    RunCollection runs;
    const RunTableModel model(runs);
    for (const RunField& field : runFields()) {
        QVERIFY2(model.columnOf(QString::fromUtf8(field.key)) >= 0, field.key);
    }
    QCOMPARE(model.columnOf(QStringLiteral("no_such_field")), -1);
}

void TestRunModels::sorting_is_by_value_and_unmeasured_comes_last() {
    RunCollection runs;
    RunTableModel model(runs);
    RunFilterModel filter;
    filter.setSourceModel(&model);
    runs.setRuns({makeRun("unmeasured", notMeasured, 1), makeRun("ten", 10, 1), makeRun("nine", 9, 1)});
    const int column = model.columnOf(QStringLiteral("bits_per_weight"));
    filter.sort(column, Qt::AscendingOrder);
    QCOMPARE(names(filter), words("nine ten unmeasured"));
    filter.sort(column, Qt::DescendingOrder);
    QCOMPARE(names(filter), words("ten nine unmeasured"));
}

void TestRunModels::the_filter_needs_every_word() {
    RunCollection runs;
    RunTableModel model(runs);
    RunFilterModel filter;
    filter.setSourceModel(&model);
    runs.setRuns(makeRuns());
    filter.setFilterText(QStringLiteral("LITER mid"));
    QCOMPARE(names(filter), words("middle"));
    filter.setFilterText(QStringLiteral("liter nothing"));
    QCOMPARE(filter.rowCount(), 0);
    filter.setFilterText({});
    filter.setFrontierOnly(true);
    QCOMPARE(names(filter), words("fine middle coarse"));
}

void TestRunModels::the_selection_tells_only_real_changes() {
    RunSelection selection;
    QSignalSpy changed(&selection, &RunSelection::changed);
    selection.select({"a"});
    selection.select({"a"});
    QCOMPARE(changed.count(), 1);
    selection.toggle("b");
    selection.toggle("a");
    QCOMPARE(selection.ids(), RunSelection::Ids({"b"}));
    selection.add({"b"});
    QCOMPARE(changed.count(), 3);
    selection.clear();
    QVERIFY(selection.ids().empty());
}

void TestRunModels::the_job_list_follows_its_queue() {
    JobQueue queue;
    JobListModel model(queue);
    const QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::QtTest);
    const int good =
        queue.add(QStringLiteral("good"), [](JobMonitor&) -> JobQueue::Completion { return nullptr; });
    queue.add(QStringLiteral("bad"), [](JobMonitor&) -> JobQueue::Completion { throw Error("broken file"); });
    QCOMPARE(model.rowCount(), 2);
    QTRY_COMPARE(queue.unfinishedCount(), 0);
    const auto detail = [&](int row) { return model.index(row).data(JobListModel::detailRole).toString(); };
    QVERIFY(detail(0).startsWith(QStringLiteral("finished in ")));
    QCOMPARE(detail(1), QStringLiteral("failed: broken file"));
    QCOMPARE(model.index(0).data(JobListModel::percentRole).toInt(), 100);
    queue.remove({good});
    QCOMPARE(model.rowCount(), 1);
    QCOMPARE(model.index(0).data().toString(), QStringLiteral("bad"));
}

void TestRunModels::runs_of_one_name_are_told_apart() {
    std::vector<RunRecord> alike(4, makeRun("int4:g64", 4, 1));
    for (std::size_t i = 0; i < alike.size(); ++i) {
        alike[i].id = std::to_string(i) + "23456789abcdef0";
    }
    alike[1].corpus = "docs";
    alike[2].windows = 8;
    RunCollection runs;
    RunSelection selection;
    const Comparison comparison(runs, selection);
    runs.setRuns(alike);
    const auto compared = [&](const RunSelection::Ids& ids) {
        selection.select(ids);
        QStringList list;
        for (int position = 0; position < comparison.count(); ++position) {
            list.append(comparedName(comparison, position));
        }
        return list;
    };
    QCOMPARE(compared({alike[0].id, alike[1].id}), QStringList({"int4:g64 (literature)", "int4:g64 (docs)"}));
    QCOMPARE(compared({alike[1].id, alike[2].id, alike[3].id}),
             QStringList({"int4:g64 (docs)", "int4:g64 (8 windows)", "int4:g64 (323456)"}));
    alike[1].name = "other";
    runs.setRuns({alike[0], alike[1]});
    QCOMPARE(compared({alike[0].id, alike[1].id}), QStringList({"int4:g64", "other"}));
}

void TestRunModels::jobs_of_one_recipe_are_told_apart() {
    JobQueue queue;
    RunJobs jobs(queue);
    RunSpec spec{"/models/none", {"int4:g64", "int4:g64", {}}, "literature", {}, 0, {}};
    const auto titleOf = [&] {
        const auto ids = jobs.add({{std::make_shared<const RunSpec>(spec), false,
                                    std::make_shared<DocumentTarget>(QString()), nullptr}});
        return queue.job(ids.front())->title;
    };
    QCOMPARE(titleOf(), QStringLiteral("int4:g64 on none, literature"));
    spec.evaluation.windows = 8;
    spec.evaluation.context = 256;
    spec.corpus = "/texts/mine.txt";
    QCOMPARE(titleOf(), QStringLiteral("int4:g64 on none, mine.txt, 8 window(s) of 256"));
    spec.evaluation = {};
    spec.evaluation.convention = Convention::llamaCpp;
    spec.seed = 4;
    QCOMPARE(titleOf(), QStringLiteral("int4:g64 on none, mine.txt, llama.cpp, seed 4"));
    spec.evaluation = {};
    spec.seed = 0;
    spec.calibration = CalibrationSettings{};
    QCOMPARE(titleOf(), QStringLiteral("int4:g64 on none, mine.txt"));
    spec.calibration->text = "books.txt";
    spec.calibration->samples = 32;
    spec.calibration->tokens = TokenWeighting::gradient;
    QCOMPARE(titleOf(), QStringLiteral("int4:g64 on none, mine.txt, calibrated on books.txt, 32 sample(s), "
                                       "tokens weighted by gradients"));
}

QTEST_GUILESS_MAIN(TestRunModels)
#include "tst_run_models.moc"
