// SPDX-License-Identifier: GPL-3.0-or-later
#include "plots/frontier_plot.h"
#include "plots/layer_map.h"
#include "plots/parallel_plot.h"
#include "run_fixtures.h"
#include "views/brush_chips.h"
#include "views/run_map_view.h"
#include "views/run_table.h"

#include <QAbstractItemModelTester>
#include <QPushButton>
#include <QSignalSpy>
#include <QTabWidget>
#include <QTableView>
#include <QTest>

using namespace planish;
using planish::test::makeRun;

namespace {

constexpr std::size_t bits = 0;

std::vector<RunRecord> runs() {
    std::vector<RunRecord> list = test::makeRuns();
    for (RunRecord& run : list) {
        run.tensors = {{"model.layers.0.self_attn.q_proj", "q", 8, 8, "int4:g16", 48, 6, 0.01, 20},
                       {"model.layers.0.mlp.up_proj", "up", 8, 16, "int2:g16", 48, 3, 0.1, 10}};
    }
    return list;
}

} // namespace

class TestRunMap : public QObject {
    Q_OBJECT

    RunCollection runs_;
    RunSelection selection_;
    RunBrushes brushes_;
    TensorSelection tensors_;

  private slots:
    void init() {
        selection_.clear();
        brushes_.clear();
        tensors_.clear();
        runs_.setRuns(runs());
    }

    void an_interval_accepts_what_is_inside() {
        QVERIFY(brushes_.accepts(runs_.run(0)));
        QSignalSpy changed(&brushes_, &RunBrushes::changed);
        brushes_.set(bits, {4, 7});
        brushes_.set(bits, {4, 7});
        QCOMPARE(changed.count(), 1);
        QVERIFY(!brushes_.accepts(makeRun("x", 8, 1)));
        QVERIFY(brushes_.accepts(makeRun("x", 4, 1)));
        // What was not measured is in no interval.
        QVERIFY(!brushes_.accepts(makeRun("x", notMeasured, 1)));
        QCOMPARE(describe(bits, {3.25, 4.5}), QStringLiteral("Bits per weight 3.250 to 4.500"));
    }

    void quantities_are_those_of_the_run() {
        const auto value = [this](const char* key) {
            const auto found = std::ranges::find_if(runQuantities(), [key](const RunQuantity& quantity) {
                return QLatin1String(quantity.key) == QLatin1String(key);
            });
            return found->value(runs_.run(0));
        };
        QCOMPARE(value("bits_per_weight"), 8.0);
        QCOMPARE(value("attention_bits"), 6.0);
        QCOMPARE(value("mlp_bits"), 3.0);
        QCOMPARE(value("delta_ppl_percent"), 0.5);
    }

    void brushes_filter_the_table_and_the_frontier() {
        RunTable table(runs_, selection_);
        table.setBrushes(brushes_);
        FrontierPlot plot(runs_, selection_);
        plot.resize(500, 400);
        plot.setBrushes(brushes_);
        const QAbstractItemModelTester tester(table.view()->model(),
                                              QAbstractItemModelTester::FailureReportingMode::QtTest);
        QCOMPARE(table.view()->model()->rowCount(), 4);
        brushes_.set(bits, {4, 7});
        QCOMPARE(table.view()->model()->rowCount(), 2);
        QVERIFY(plot.pixelOf("id-middle").has_value());
        QVERIFY(!plot.pixelOf("id-coarse").has_value());
        runs_.add(makeRun("outside", 9, 1));
        QCOMPARE(table.view()->model()->rowCount(), 2);
        brushes_.clear();
        QCOMPARE(table.view()->model()->rowCount(), 5);
        QVERIFY(plot.pixelOf("id-coarse").has_value());
    }

    void a_drag_along_an_axis_filters_and_a_click_lets_all_in() {
        ParallelPlot plot(runs_, selection_, brushes_);
        plot.resize(900, 400);
        plot.show();
        QVERIFY(QTest::qWaitForWindowActive(&plot));
        QTest::qWait(30);
        const QPoint from = plot.pixelOf(bits, 4).toPoint();
        const QPoint to = plot.pixelOf(bits, 7).toPoint();
        QTest::mousePress(&plot, Qt::LeftButton, {}, from);
        QTest::mouseMove(&plot, (from + to) / 2);
        QMouseEvent move(QEvent::MouseMove, to, plot.mapToGlobal(to), Qt::NoButton, Qt::LeftButton, {});
        QApplication::sendEvent(&plot, &move);
        QTest::mouseRelease(&plot, Qt::LeftButton, {}, to);
        QCOMPARE(brushes_.intervals().size(), std::size_t{1});
        const RunBrushes::Interval interval = brushes_.intervals().at(bits);
        QVERIFY2(std::abs(interval.lower - 4) < 0.1 && std::abs(interval.upper - 7) < 0.1,
                 qPrintable(describe(bits, interval)));
        QTest::mouseClick(&plot, Qt::LeftButton, {}, from);
        QVERIFY(brushes_.isEmpty());
    }

    void a_click_on_a_line_selects_the_run() {
        ParallelPlot plot(runs_, selection_, brushes_);
        plot.resize(900, 400);
        plot.show();
        QTest::qWait(30);
        const RunRecord& run = runs_.run(3);
        const QPointF left = plot.pixelOf(0, runQuantities()[0].value(run));
        const QPointF right = plot.pixelOf(1, runQuantities()[1].value(run));
        // A quarter of the way: lines of runs whose compression is 32 ÷ bits meet halfway.
        QTest::mouseClick(&plot, Qt::LeftButton, {}, (left * 0.75 + right * 0.25).toPoint());
        QCOMPARE(selection_.ids(), RunSelection::Ids({"id-coarse"}));
    }

    void intervals_are_moved_by_keyboard() {
        ParallelPlot plot(runs_, selection_, brushes_);
        plot.resize(900, 400);
        plot.show();
        QVERIFY(QTest::qWaitForWindowActive(&plot));
        plot.setFocus();
        QTest::keyClick(&plot, Qt::Key_Right);
        QTest::keyClick(&plot, Qt::Key_Up, Qt::ShiftModifier);
        QCOMPARE(brushes_.intervals().count(1), std::size_t{1});
        const RunBrushes::Interval narrow = brushes_.intervals().at(1);
        QTest::keyClick(&plot, Qt::Key_Up);
        QVERIFY(brushes_.intervals().at(1).lower > narrow.lower);
        QTest::keyClick(&plot, Qt::Key_Delete);
        QVERIFY(brushes_.isEmpty());
    }

    void chips_show_the_filters_and_clear_them() {
        QWidget window;
        BrushChips chips(brushes_, &window);
        window.show();
        QVERIFY(!chips.isVisible());
        brushes_.set(bits, {4, 7});
        brushes_.set(1, {2, 9});
        QTRY_VERIFY(chips.isVisible());
        auto buttons = chips.findChildren<QPushButton*>();
        QCOMPARE(buttons.size(), 3);
        QVERIFY(buttons[0]->text().startsWith(QStringLiteral("Bits per weight 4.000 to 7.000")));
        QTest::mouseClick(buttons[0], Qt::LeftButton);
        QCOMPARE(brushes_.intervals().size(), std::size_t{1});
        QTRY_COMPARE(chips.findChildren<QPushButton*>().size(), 2);
        QTest::mouseClick(chips.findChildren<QPushButton*>().back(), Qt::LeftButton);
        QVERIFY(brushes_.isEmpty());
        QTRY_VERIFY(!chips.isVisible());
    }

    void the_map_has_a_column_a_run_and_a_row_a_tensor() {
        LayerMap map(runs_, selection_, brushes_, tensors_);
        map.resize(500, 400);
        map.show();
        QTest::qWait(30);
        QCOMPARE(map.runCount(), 4);
        QCOMPARE(map.tensorCount(), 2);
        selection_.select({"id-fine", "id-coarse"});
        QCOMPARE(map.runCount(), 2);
        selection_.clear();
        brushes_.set(bits, {4, 7});
        QCOMPARE(map.runCount(), 2);
        QTest::qWait(30);
        QTest::mouseClick(&map, Qt::LeftButton, {}, map.pixelOf(1, 0).toPoint());
        QCOMPARE(tensors_.single(), std::string("model.layers.0.mlp.up_proj"));
        brushes_.set(bits, {100, 101});
        QVERIFY(map.emptyText().contains(QStringLiteral("clear the filter")));
    }

    void keys_go_from_cell_to_cell_of_the_map() {
        LayerMap map(runs_, selection_, brushes_, tensors_);
        map.resize(500, 400);
        map.show();
        QTest::qWait(30);
        QTest::keyClick(&map, Qt::Key_Down);
        QCOMPARE(tensors_.single(), std::string("model.layers.0.self_attn.q_proj"));
        QTest::keyClick(&map, Qt::Key_Down);
        QCOMPARE(tensors_.single(), std::string("model.layers.0.mlp.up_proj"));
        QTest::keyClick(&map, Qt::Key_Down); // the last
        QCOMPARE(tensors_.single(), std::string("model.layers.0.mlp.up_proj"));
        QTest::keyClick(&map, Qt::Key_Right);
        QTest::keyClick(&map, Qt::Key_Right);
        QVERIFY(selection_.ids().empty());
        QTest::keyClick(&map, Qt::Key_Space, Qt::ControlModifier);
        QCOMPARE(selection_.ids(), RunSelection::Ids{runs_.run(2).id});
        // What is selected elsewhere is marked here.
        tensors_.select({"model.layers.0.self_attn.q_proj"});
        QTest::qWait(30);
        const QImage marked = map.grab().toImage();
        tensors_.clear();
        QTest::qWait(30);
        QVERIFY(map.grab().toImage() != marked);
    }

    void the_map_names_as_many_layers_as_have_room() {
        RunRecord run = makeRun("many", 4, 1);
        run.tensors.clear();
        for (int block = 0; block < 40; ++block) {
            run.tensors.emplace_back().name = "model.layers." + std::to_string(block) + ".mlp.up_proj";
        }
        runs_.setRuns({run});
        LayerMap map(runs_, selection_, brushes_, tensors_);
        const auto names = [&] {
            return map.yAxis->ticker().dynamicCast<QCPAxisTickerText>()->ticks().size();
        };
        map.resize(500, 1200);
        map.show();
        QTest::qWait(30);
        QCOMPARE(names(), 40);
        map.resize(500, 300);
        QTest::qWait(30);
        QVERIFY(names() > 3 && names() < 25);
    }

    void ten_thousand_runs_stay_drawable() {
        std::vector<RunRecord> many;
        for (int i = 0; i < 10'000; ++i) {
            many.push_back(makeRun(std::to_string(i), 2 + i % 600 / 100.0, 1 + i % 37));
        }
        runs_.setRuns(std::move(many));
        RunMapView view(runs_, selection_, brushes_, tensors_);
        view.resize(900, 400);
        view.show();
        QTest::qWait(30);
        QElapsedTimer timer;
        timer.start();
        brushes_.set(bits, {3, 5});
        view.parallel()->replot(QCustomPlot::rpImmediateRefresh);
        qInfo("a new interval over 10000 runs is drawn in %lld ms", timer.elapsed());
        QVERIFY(view.layers()->runCount() <= int(LayerMap::mostRuns));
    }
};

QTEST_MAIN(TestRunMap)
#include "tst_run_map.moc"
