// SPDX-License-Identifier: GPL-3.0-or-later
#include "plots/frontier_plot.h"
#include "plots/frontier_series.h"
#include "run_fixtures.h"
#include "views/frontier_view.h"
#include "views/job_panel.h"
#include "views/run_table.h"

#include <QAction>
#include <QClipboard>
#include <QComboBox>
#include <QLineEdit>
#include <QListView>
#include <QMenu>
#include <QSettings>
#include <QTableView>
#include <QTemporaryDir>
#include <QTest>

using namespace planish;
using planish::test::makeRun;
using planish::test::makeRuns;

namespace {

/// Plot and table over one collection and one selection, as in the window.
struct Views {
    Views() : plot(runs, selection), table(runs, selection) {
        runs.setRuns(makeRuns());
        plot.resize(640, 420);
        table.resize(900, 300);
        plot.show();
        table.show();
        plot.replot();
        settle();
    }
    void settle() { QTest::qWait(20); }
    QPoint pixel(const char* id) { return plot.pixelOf(id)->toPoint(); }
    void click(const QPoint& at, Qt::KeyboardModifiers modifiers = {}) {
        QTest::mouseClick(&plot, Qt::LeftButton, modifiers, at);
    }
    QStringList selectedRows() const {
        QStringList names;
        for (const QModelIndex& index : table.view()->selectionModel()->selectedRows()) {
            names.append(index.data().toString());
        }
        names.sort();
        return names;
    }

    RunCollection runs;
    RunSelection selection;
    FrontierPlot plot;
    RunTable table;
};

/// The frontier view over runs on one text and one run, "elsewhere", on another.
struct TwoTexts {
    TwoTexts() {
        RunRecord other = makeRun("elsewhere", 4, 1);
        other.corpusSha256 = "c1";
        other.corpus = "docs";
        std::vector<RunRecord> all = makeRuns();
        all.push_back(other);
        runs.setRuns(all);
    }
    std::string key(const char* id) const { return comparisonKey(runs.run(runs.rowOf(id))); }

    RunCollection runs;
    RunSelection selection;
    RecipeEditor editor;
    CostTable costs{&editor};
    TargetMix target{costs, editor, runs};
    FrontierView view{runs, selection, target};
};

QStringList list(const char* text) {
    return QString::fromLatin1(text).split(QLatin1Char(' '), Qt::SkipEmptyParts);
}

void drag(QWidget& widget, const QPoint& from, const QPoint& to, Qt::KeyboardModifiers modifiers = {}) {
    QTest::mousePress(&widget, Qt::LeftButton, modifiers, from);
    for (const QPoint& at : {(from + to) / 2, to}) {
        QMouseEvent move(QEvent::MouseMove, at, widget.mapToGlobal(at), Qt::NoButton, Qt::LeftButton,
                         modifiers);
        QApplication::sendEvent(&widget, &move);
    }
    QTest::mouseRelease(&widget, Qt::LeftButton, modifiers, to);
}

} // namespace

class TestFrontierPlot : public QObject {
    Q_OBJECT

  private slots:
    void a_click_on_a_point_selects_the_run_in_plot_and_table();
    void control_click_adds_and_an_empty_click_clears();
    void a_drag_selects_all_points_inside();
    void selecting_a_row_highlights_the_point();
    void shift_drag_moves_and_home_shows_everything();
    void a_new_run_appears_without_moving_a_view_the_user_chose();
    void arrow_keys_walk_along_the_runs();
    void the_tool_tip_tells_all_about_a_run();
    void only_comparable_runs_are_shown_together();
    void queued_runs_are_marked_where_they_will_stand_and_selected_ones_elsewhere_are_told();
    void the_table_exports_what_it_shows();
    void columns_survive_a_restart();
    void job_buttons_do_what_the_selected_job_allows();
};

void TestFrontierPlot::a_click_on_a_point_selects_the_run_in_plot_and_table() {
    Views views;
    views.click(views.pixel("id-middle"));
    QCOMPARE(views.selection.ids(), RunSelection::Ids({"id-middle"}));
    QCOMPARE(views.selectedRows(), list("middle"));
}

void TestFrontierPlot::control_click_adds_and_an_empty_click_clears() {
    Views views;
    views.click(views.pixel("id-fine"));
    views.click(views.pixel("id-coarse"), Qt::ControlModifier);
    QCOMPARE(views.selectedRows(), list("coarse fine"));
    views.click(views.pixel("id-fine"), Qt::ControlModifier);
    QCOMPARE(views.selectedRows(), list("coarse"));
    views.click(views.plot.axisRect()->rect().topLeft() + QPoint(20, 20));
    QVERIFY(views.selection.ids().empty());
}

void TestFrontierPlot::a_drag_selects_all_points_inside() {
    Views views;
    const QRect around =
        QRect(views.pixel("id-fine"), views.pixel("id-middle")).normalized().adjusted(-15, -15, 15, 15);
    drag(views.plot, around.topLeft(), around.bottomRight());
    QVERIFY(views.selection.contains("id-fine") && views.selection.contains("id-middle"));
    QVERIFY(!views.selection.contains("id-coarse"));
}

void TestFrontierPlot::selecting_a_row_highlights_the_point() {
    Views views;
    const QImage before = views.plot.grab().toImage();
    views.table.view()->selectRow(3);
    QCOMPARE(views.selection.ids(), RunSelection::Ids({"id-coarse"}));
    QVERIFY(views.plot.grab().toImage() != before);
}

void TestFrontierPlot::shift_drag_moves_and_home_shows_everything() {
    Views views;
    const QCPRange before = views.plot.xAxis->range();
    drag(views.plot, {300, 200}, {380, 240}, Qt::ShiftModifier);
    QVERIFY(views.plot.xAxis->range() != before);
    QVERIFY(views.selection.ids().empty());
    QTest::keyClick(&views.plot, Qt::Key_Home);
    QCOMPARE(views.plot.xAxis->range().lower, before.lower);
    QCOMPARE(views.plot.xAxis->range().upper, before.upper);
}

void TestFrontierPlot::a_new_run_appears_without_moving_a_view_the_user_chose() {
    Views views;
    const double widest = views.plot.xAxis->range().upper;
    views.runs.add(makeRun("tiny", 1, 50));
    QVERIFY(views.plot.xAxis->range().upper > widest);
    drag(views.plot, {300, 200}, {380, 240}, Qt::ShiftModifier);
    const QCPRange chosen = views.plot.xAxis->range();
    views.runs.add(makeRun("tinier", 0.5, 80));
    QCOMPARE(views.plot.xAxis->range(), chosen);
    QVERIFY(views.plot.pixelOf("id-tinier").has_value());
}

void TestFrontierPlot::arrow_keys_walk_along_the_runs() {
    Views views;
    QTest::keyClick(&views.plot, Qt::Key_Right);
    QCOMPARE(views.selection.ids(), RunSelection::Ids({"id-fine"})); // smallest compression
    QTest::keyClick(&views.plot, Qt::Key_Right);
    QCOMPARE(views.selection.ids(), RunSelection::Ids({"id-wasteful"}));
    QTest::keyClick(&views.plot, Qt::Key_Left);
    QCOMPARE(views.selection.ids(), RunSelection::Ids({"id-fine"}));
    QTest::keyClick(&views.plot, Qt::Key_Escape);
    QVERIFY(views.selection.ids().empty());
}

void TestFrontierPlot::the_tool_tip_tells_all_about_a_run() {
    const QString tip = runToolTip(makeRun("int4 <fine>", 6, 1.25, 0.5));
    for (const char* part :
         {"int4 &lt;fine&gt;", "6.000 bits", "5.333×", "20.25", "+1.25 ± 0.50 %", "nats"}) {
        QVERIFY2(tip.contains(QString::fromUtf8(part)), part);
    }
}

void TestFrontierPlot::only_comparable_runs_are_shown_together() {
    TwoTexts views;
    FrontierView& view = views.view;
    auto* box = view.findChild<QComboBox*>();
    QVERIFY(view.plot()->pixelOf("id-elsewhere").has_value());
    QVERIFY(!view.plot()->pixelOf("id-fine").has_value());
    box->setCurrentIndex(box->findData(QString::fromStdString(views.key("id-fine"))));
    QVERIFY(view.plot()->pixelOf("id-fine").has_value());
    QVERIFY(!view.plot()->pixelOf("id-elsewhere").has_value());
    box->setCurrentIndex(box->findData(QString()));
    QVERIFY(view.plot()->pixelOf("id-fine") && view.plot()->pixelOf("id-elsewhere"));
}

void TestFrontierPlot::queued_runs_are_marked_where_they_will_stand_and_selected_ones_elsewhere_are_told() {
    TwoTexts views;
    FrontierView& view = views.view;
    RunRecord queued = makeRun("queued", 5, 1);
    queued.deltaPplPercent = notMeasured;
    queued.windows = 0; // all there are
    view.setExpected({queued});
    const auto marks = [&] {
        int count = 0;
        for (int i = 0; i < view.plot()->graphCount(); ++i) {
            const QCPGraph* graph = view.plot()->graph(i);
            count += graph->valueAxis() == view.plot()->yAxis2 ? graph->dataCount() : 0;
        }
        return count;
    };
    auto* box = view.findChild<QComboBox*>();
    const auto choose = [&](const std::string& key) {
        box->setCurrentIndex(box->findData(QString::fromStdString(key)));
    };
    choose(views.key("id-elsewhere"));
    QCOMPARE(marks(), 0);
    choose(views.key("id-fine"));
    QCOMPARE(marks(), 1);
    queued.context = 1024;
    view.setExpected({queued});
    QCOMPARE(marks(), 0);

    const auto told = [&] {
        const auto labels = view.findChildren<QLabel*>();
        return std::ranges::any_of(labels, [](const QLabel* label) {
            return label->text().contains(QStringLiteral("not in this plot"));
        });
    };
    views.selection.select({"id-fine"});
    QVERIFY(!told());
    views.selection.select({"id-fine", "id-elsewhere"});
    QVERIFY(told());
    choose({});
    QVERIFY(!told());
}

void TestFrontierPlot::the_table_exports_what_it_shows() {
    Views views;
    views.table.filter()->setText(QStringLiteral("coarse"));
    const QStringList lines =
        QString::fromUtf8(views.table.csv()).split(QLatin1Char('\n'), Qt::SkipEmptyParts);
    QCOMPARE(lines.size(), 2);
    const QStringList header = lines[0].split(QLatin1Char(','));
    const QStringList values = lines[1].split(QLatin1Char(','));
    QCOMPARE(values[header.indexOf(QStringLiteral("name"))], QStringLiteral("coarse"));
    QCOMPARE(values[header.indexOf(QStringLiteral("compression"))].toDouble(), 32.0 / 3);
    QCOMPARE(values[header.indexOf(QStringLiteral("delta_ppl_percent"))].toDouble(), 20.0);
    QVERIFY(!header.contains(QStringLiteral("kld_median"))); // hidden by default
    views.table.copyAsText();
    QVERIFY(QApplication::clipboard()->text().contains(QStringLiteral("+20.0 ± 1.5")));
}

void TestFrontierPlot::columns_survive_a_restart() {
    const QTemporaryDir folder;
    QSettings settings(folder.filePath(QStringLiteral("settings.ini")), QSettings::IniFormat);
    const auto action = [](const RunTable& table, const char* title) {
        for (QAction* candidate : table.columnsMenu()->actions()) {
            if (candidate->text() == QString::fromUtf8(title)) {
                return candidate;
            }
        }
        return static_cast<QAction*>(nullptr);
    };
    {
        Views views;
        action(views.table, "Model")->setChecked(false);
        action(views.table, "Median KLD (nats)")->setChecked(true);
        views.table.save(settings);
    }
    Views views;
    views.table.restore(settings);
    QVERIFY(!action(views.table, "Model")->isChecked());
    QVERIFY(views.table.csv().startsWith("name,"));
    QVERIFY(views.table.csv().contains("kld_median"));
}

void TestFrontierPlot::job_buttons_do_what_the_selected_job_allows() {
    JobQueue queue;
    JobPanel panel(queue);
    panel.show();
    QVERIFY(!panel.cancelAction()->isEnabled());
    const int id = queue.add(QStringLiteral("long"), [](JobMonitor& monitor) -> JobQueue::Completion {
        for (;;) {
            monitor.throwIfCancelled();
            QThread::msleep(2);
        }
    });
    QTRY_COMPARE(queue.job(id)->state, JobState::running);
    QVERIFY(panel.cancelAction()->isEnabled());
    QVERIFY(!panel.retryAction()->isEnabled());
    const QRect row = panel.list()->visualRect(panel.list()->model()->index(0, 0));
    QTest::mouseClick(panel.list()->viewport(), Qt::LeftButton, {}, row.center());
    panel.cancelAction()->trigger();
    QTRY_COMPARE(queue.job(id)->state, JobState::cancelled);
    QVERIFY(panel.retryAction()->isEnabled());
    QVERIFY(!panel.grab().isNull());
    panel.removeAction()->trigger();
    QVERIFY(queue.jobs().empty());
}

QTEST_MAIN(TestFrontierPlot)
#include "tst_frontier_plot.moc"
