// SPDX-License-Identifier: GPL-3.0-or-later
#include "model/model.h"
#include "models/metric_comparison_model.h"
#include "models/recipe_comparison_model.h"
#include "plots/error_maps.h"
#include "plots/tensor_bars.h"
#include "run_fixtures.h"
#include "views/compare_view.h"
#include "views/notice_bar.h"
#include "views/scored_text.h"
#include "views/text_comparison_view.h"

#include <QAbstractItemModelTester>
#include <QAction>
#include <QCheckBox>
#include <QComboBox>
#include <QLineEdit>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QSignalSpy>
#include <QSpinBox>
#include <QTabWidget>
#include <QTableView>
#include <QTest>
#include <QTextBrowser>
#include <QTextCursor>
#include <memory>

using namespace planish;

namespace {

/// A run of two windows that scored these NLL sums, with the given codec of the MLP of three blocks.
RunRecord makeRun(const std::string& name, std::vector<double> windowNll, const std::string& mlpCodec) {
    RunRecord run = test::makeRun(name, 4, 1);
    run.windows = windowNll.size();
    run.tokensScored = 511 * windowNll.size();
    run.windowNll = std::move(windowNll);
    run.tensors.clear();
    for (int block = 0; block < 3; ++block) {
        const std::string prefix = "model.layers." + std::to_string(block);
        run.tensors.push_back({prefix + ".self_attn.q_proj", "q", 8, 8, "int8:g64", 64, 8, 0.0001, 40});
        run.tensors.push_back({prefix + ".mlp.up_proj", "up", 8, 8, mlpCodec, 32, 4, 0.01, 20});
    }
    run.tensors.push_back({"model.norm", "norm", 1, 8, "bf16", 16, 16, 0, 99});
    return run;
}

std::vector<RunRecord> threeRuns() {
    std::vector<RunRecord> runs = {makeRun("first", {1500, 1600}, "int4:g64"),
                                   makeRun("worse", {1510, 1611}, "int2:g16"),
                                   makeRun("mixed", {1504, 1598}, "int4:g64")};
    runs[2].tensors[3].codec = "nf4:g64"; // block 1
    return runs;
}

QString text(const QAbstractItemModel& model, int row, int column) {
    return model.index(row, column).data().toString();
}

int rowOf(const QAbstractItemModel& model, const QString& title) {
    for (int row = 0; row < model.rowCount(); ++row) {
        if (text(model, row, 0) == title) {
            return row;
        }
    }
    return -1;
}

} // namespace

class TestCompareView : public QObject {
    Q_OBJECT

    RunCollection runs_;
    RunSelection selection_;
    TensorSelection tensors_;
    JobQueue queue_;

    void select(std::initializer_list<const char*> names) {
        RunSelection::Ids ids;
        for (const char* name : names) {
            ids.insert(std::string("id-") + name);
        }
        selection_.select(ids);
    }

  private slots:
    void init();

    void two_to_four_runs_are_compared();
    void the_reference_comes_first_and_can_be_chosen();
    void the_first_row_is_the_paired_difference();
    void runs_on_other_texts_say_why_they_have_no_difference();
    void values_show_what_they_differ_by();
    void tensors_stored_alike_share_a_row();
    void numbers_are_written_as_ranges();
    void the_view_says_what_to_do_without_runs();
    void the_view_is_driven_by_keyboard_and_mouse();
    void bars_select_tensors();
    void maps_share_one_scale_and_are_walked_by_keys();
    void the_csv_has_the_shown_numbers();
    void text_is_split_into_paragraphs();
    void tokens_are_coloured_by_their_difference();
    void a_text_needs_the_model_of_the_runs();
    void compared_models_read_a_paragraph_and_continue_a_prompt();
};

void TestCompareView::init() {
    selection_.clear();
    tensors_.clear();
    runs_.setRuns(threeRuns());
}

void TestCompareView::two_to_four_runs_are_compared() {
    Comparison comparison(runs_, selection_);
    QVERIFY(comparison.isEmpty());
    select({"first"});
    QVERIFY(comparison.isEmpty());
    select({"first", "worse"});
    QCOMPARE(comparison.count(), 2);
    select({"first", "worse", "mixed"});
    QCOMPARE(comparison.count(), 3);
    for (const char* name : {"fourth", "fifth"}) {
        runs_.add(makeRun(name, {1500, 1600}, "int4:g64"));
    }
    select({"first", "worse", "mixed", "fourth", "fifth"});
    QVERIFY(comparison.isEmpty());
    select({"first", "unknown"});
    QVERIFY(comparison.isEmpty());
    select({"first", "worse", "mixed"});
    runs_.remove({"id-worse"});
    QCOMPARE(comparison.count(), 2);
}

void TestCompareView::the_reference_comes_first_and_can_be_chosen() {
    Comparison comparison(runs_, selection_);
    select({"first", "worse", "mixed"});
    QCOMPARE(comparison.run(0).name, std::string("first"));
    comparison.setReference("id-mixed");
    QCOMPARE(comparison.run(0).name, std::string("mixed"));
    QCOMPARE(comparison.run(1).name, std::string("first"));
    QCOMPARE(comparison.values().names.front(), std::string("mixed"));
}

void TestCompareView::the_first_row_is_the_paired_difference() {
    Comparison comparison(runs_, selection_);
    MetricComparisonModel model(runs_, comparison);
    const QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::QtTest);
    QCOMPARE(model.rowCount(), 0);
    select({"first", "worse", "mixed"});
    QCOMPARE(text(model, 0, 1), QStringLiteral("reference"));
    // 21 nats more over 1022 tokens are 2.0765 %; windows differ by 10 and 11, so by √2 · 0.7071 nats.
    QCOMPARE(text(model, 0, 2), QStringLiteral("+2.076 ± 0.100, significant"));
    // 4 and −2: 0.196 ± 0.588 %.
    QCOMPARE(text(model, 0, 3), QStringLiteral("+0.20 ± 0.59, within error"));
    QVERIFY(model.index(0, 2).data(Qt::FontRole).value<QFont>().bold());
    QVERIFY(!model.index(0, 3).data(Qt::FontRole).value<QFont>().bold());
    QVERIFY(model.index(0, 2).data(Qt::ToolTipRole).toString().contains(QStringLiteral("same 2 windows")));
}

void TestCompareView::runs_on_other_texts_say_why_they_have_no_difference() {
    RunRecord other = makeRun("other", {1500, 1600}, "int4:g64");
    other.corpusSha256 = "c1";
    runs_.add(other);
    Comparison comparison(runs_, selection_);
    const MetricComparisonModel model(runs_, comparison);
    select({"first", "other"});
    QCOMPARE(text(model, 0, 2), QStringLiteral("not comparable"));
    const QString why = model.index(0, 2).data(Qt::ToolTipRole).toString();
    QVERIFY2(why.contains(QStringLiteral("text: c1 and c0")), qPrintable(why));
}

void TestCompareView::values_show_what_they_differ_by() {
    std::vector<RunRecord> runs = threeRuns();
    runs[1].packedBytes = 2 * runs[0].packedBytes;
    runs[1].kldMean = runs[0].kldMean + 0.25;
    runs_.setRuns(runs);
    Comparison comparison(runs_, selection_);
    MetricComparisonModel model(runs_, comparison);
    const QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::QtTest);
    select({"first", "worse"});
    const int size = rowOf(model, QStringLiteral("Packed size"));
    QVERIFY(size > 0);
    QVERIFY2(text(model, size, 2).endsWith(QStringLiteral("(+100.0 %)")), qPrintable(text(model, size, 2)));
    const int divergence = rowOf(model, QStringLiteral("Mean KLD (nats)"));
    QVERIFY(divergence > 0);
    QVERIFY(text(model, divergence, 2).endsWith(QStringLiteral("(+0.2500)")));
    QCOMPARE(rowOf(model, QStringLiteral("Context (tokens)")), -1);
    model.setShowAll(true);
    QVERIFY(rowOf(model, QStringLiteral("Context (tokens)")) > 0);
}

void TestCompareView::tensors_stored_alike_share_a_row() {
    Comparison comparison(runs_, selection_);
    RecipeComparisonModel model(comparison);
    const QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::QtTest);
    select({"first", "worse", "mixed"});
    QCOMPARE(model.rowCount(), 2);
    QCOMPARE(text(model, 0, 0), QStringLiteral("mlp.up_proj · blocks 0, 2"));
    QCOMPARE(text(model, 1, 0), QStringLiteral("mlp.up_proj · block 1"));
    QCOMPARE(text(model, 0, 2), QStringLiteral("int2:g16"));
    QCOMPARE(text(model, 1, 3), QStringLiteral("nf4:g64"));
    model.setShowAll(true);
    QCOMPARE(model.rowCount(), 4);
    QCOMPARE(text(model, 0, 0), QStringLiteral("self_attn.q_proj · blocks 0–2"));
    QCOMPARE(text(model, 3, 0), QStringLiteral("model.norm"));
    select({});
    QCOMPARE(model.rowCount(), 0);
}

void TestCompareView::numbers_are_written_as_ranges() {
    QCOMPARE(rangesText({0, 1, 2, 3, 7, 9, 10}), QStringLiteral("0–3, 7, 9–10"));
    QCOMPARE(rangesText({}), QString());
}

void TestCompareView::the_view_says_what_to_do_without_runs() {
    CompareView view(runs_, selection_, tensors_, queue_);
    view.resize(600, 400);
    view.show();
    QVERIFY(!view.compareAction()->isEnabled());
    QVERIFY(!view.metrics()->isVisible());
    select({"first", "worse"});
    QVERIFY(view.compareAction()->isEnabled());
    QVERIFY(view.metrics()->isVisible());
}

void TestCompareView::the_view_is_driven_by_keyboard_and_mouse() {
    CompareView view(runs_, selection_, tensors_, queue_);
    view.resize(600, 400);
    view.show();
    QVERIFY(QTest::qWaitForWindowActive(&view));
    select({"first", "mixed"});
    const int differing = view.metrics()->model()->rowCount();
    QTest::mouseClick(view.differencesOnly(), Qt::LeftButton, {},
                      QPoint(8, view.differencesOnly()->height() / 2));
    QVERIFY(view.metrics()->model()->rowCount() > differing);
    view.reference()->setFocus();
    QTest::keyClick(view.reference(), Qt::Key_Down);
    QCOMPARE(view.comparison().run(0).name, std::string("mixed"));
    QCOMPARE(view.reference()->currentText(), QStringLiteral("mixed"));
    view.tabs()->setCurrentIndex(1);
    view.differencesOnly()->setChecked(true);
    tensors_.select({"model.norm"});
    view.recipes()->setFocus();
    QTest::keyClick(view.recipes(), Qt::Key_Down); // to the first row, of which only the frame is seen
    QCOMPARE(tensors_.single(), std::string("model.norm"));
    QTest::keyClick(view.recipes(), Qt::Key_Space);
    QCOMPARE(tensors_.single(), std::string("model.layers.1.mlp.up_proj"));
}

void TestCompareView::bars_select_tensors() {
    CompareView view(runs_, selection_, tensors_, queue_);
    view.resize(600, 400);
    view.show();
    select({"first", "worse"});
    view.tabs()->setCurrentIndex(2);
    QTest::qWait(30);
    QCOMPARE(view.bars()->tensorCount(), 3);
    QTest::mouseClick(view.bars(), Qt::LeftButton, {}, view.bars()->centerOf(1));
    QCOMPARE(tensors_.single(), std::string("model.layers.1.mlp.up_proj"));
    view.bars()->setFocus();
    QTest::keyClick(view.bars(), Qt::Key_Down);
    QCOMPARE(tensors_.single(), std::string("model.layers.2.mlp.up_proj"));
    QTest::keyClick(view.bars(), Qt::Key_Down);
    QCOMPARE(tensors_.single(), std::string("model.layers.2.mlp.up_proj"));
    runs_.setRuns({makeRun("first", {1, 2}, "int4:g64"), makeRun("worse", {1, 2}, "int4:g64")});
    QCOMPARE(view.bars()->emptyText(), QStringLiteral("The recipes of these runs are the same."));
}

void TestCompareView::maps_share_one_scale_and_are_walked_by_keys() {
    CompareView view(runs_, selection_, tensors_, queue_);
    view.resize(600, 700);
    view.show();
    QVERIFY(QTest::qWaitForWindowActive(&view));
    std::vector<RunRecord> runs = threeRuns();
    runs[1].tensors[5].relativeError = 0.09; // block 2, up_proj of "worse"
    runs_.setRuns(runs);
    select({"first", "worse"});
    ErrorMaps& maps = *view.maps();
    view.tabs()->setCurrentWidget(maps.parentWidget());
    QTest::qWait(30);
    QCOMPARE(maps.mapCount(), 2);
    QCOMPARE(maps.blockCount(), 3);
    QCOMPARE(maps.kinds(), QStringList({QStringLiteral("self_attn.q_proj"), QStringLiteral("mlp.up_proj")}));
    QCOMPARE(maps.valueAt(0, 2, 1), 1.0); // percent
    QCOMPARE(maps.valueAt(1, 2, 1), 9.0);
    QCOMPARE(maps.range().lower, 0.01);
    QCOMPARE(maps.range().upper, 9.0);

    QTest::mouseClick(&maps, Qt::LeftButton, {}, maps.pixelOf(1, 1, 0).toPoint());
    QCOMPARE(tensors_.single(), std::string("model.layers.1.self_attn.q_proj"));
    maps.setFocus();
    QTest::keyClick(&maps, Qt::Key_Down);
    QTest::keyClick(&maps, Qt::Key_Right);
    QTest::keyClick(&maps, Qt::Key_Right); // the last block
    QCOMPARE(tensors_.single(), std::string("model.layers.2.mlp.up_proj"));
    QVERIFY2(maps.readout().contains(QStringLiteral("worse: int2:g16, 9.000 %")), qPrintable(maps.readout()));
    select({"first", "worse", "mixed"});
    QCOMPARE(maps.mapCount(), 3);
    select({});
    QVERIFY(maps.readout().isEmpty());
}

void TestCompareView::the_csv_has_the_shown_numbers() {
    CompareView view(runs_, selection_, tensors_, queue_);
    select({"first", "worse"});
    const QString csv = QString::fromUtf8(view.csv());
    QVERIFY(csv.startsWith(QStringLiteral("of,quantity,unit,run,name,value,standard_error,significant\r\n")));
    QVERIFY(csv.contains(QStringLiteral("run,ppl_difference_percent,%,id-worse,worse,2.07")));
    QVERIFY(csv.contains(QStringLiteral("run,bits_per_weight,bits,id-first,first,4,,\r\n")));
    QVERIFY(csv.contains(QStringLiteral("model.layers.1.mlp.up_proj,codec,,id-worse,worse,int2:g16,,\r\n")));
    QCOMPARE(csv.count(QStringLiteral("ppl_difference_percent")), 2);
}

void TestCompareView::text_is_split_into_paragraphs() {
    QCOMPARE(paragraphsOf(QStringLiteral("Title\n\n  A longer one. \nAnother one.\n"), 8),
             QStringList({QStringLiteral("A longer one."), QStringLiteral("Another one.")}));
}

void TestCompareView::tokens_are_coloured_by_their_difference() {
    const SideBySide read{
        {"unquantized", "a", "b"},
        {{"One", {notMeasured, notMeasured, notMeasured}}, {" two", {1, 1, 3}}, {" three", {2, 2, 1}}},
        {}};
    QTextDocument document;
    writeScoredText(document, read, 2, 1, QPalette(Qt::white));
    QCOMPARE(document.toPlainText(), QStringLiteral("One two three"));
    const auto formatAt = [&](int position) {
        QTextCursor cursor(&document);
        cursor.setPosition(position);
        return cursor.charFormat();
    };
    QCOMPARE(formatAt(2).background().style(), Qt::NoBrush);
    const QColor more = formatAt(5).background().color();
    QVERIFY2(more.red() > more.blue(), qPrintable(more.name()));
    const QColor less = formatAt(9).background().color();
    QVERIFY2(less.blue() > less.red(), qPrintable(less.name()));
    QVERIFY(formatAt(5).toolTip().contains(QStringLiteral("3.000 nats")));
    QVERIFY(formatAt(1).toolTip().contains(QStringLiteral("not scored")));
    // 2 and −1: mean 0.5, deviation 2.12 over √2.
    QCOMPARE(meanDifference(read, 2, 1), QStringLiteral("+0.5 ± 1.5 nats a token"));
}

void TestCompareView::a_text_needs_the_model_of_the_runs() {
    CompareView view(runs_, selection_, tensors_, queue_);
    view.resize(600, 700);
    view.show();
    select({"first", "worse"});
    view.tabs()->setCurrentWidget(view.text());
    view.text()->prompt()->setText(QStringLiteral("It was"));
    QVERIFY(view.text()->notice()->isVisible());
    QVERIFY(view.text()->notice()->text().contains(QStringLiteral("open the model small")));
    QVERIFY(!view.text()->readButton()->isEnabled());
    view.text()->setModel(QStringLiteral("/models/small"), QStringLiteral("small"));
    QVERIFY(!view.text()->notice()->isVisible());
    QVERIFY(view.text()->readButton()->isEnabled());
}

void TestCompareView::compared_models_read_a_paragraph_and_continue_a_prompt() {
    const std::string fingerprint = [] {
        Workers workers(2);
        return Model::open("folio-4m").fingerprint(workers, SilentMonitor());
    }();
    std::vector<RunRecord> runs = {test::makeRun("fine", 8, 1), test::makeRun("coarse", 3, 9)};
    for (RunRecord& run : runs) {
        run.model = "folio-4m";
        run.modelFingerprint = fingerprint;
        run.recipe = Recipe::uniform(run.name == "fine" ? "int8:g64" : "int2:g64");
    }
    runs_.setRuns(runs);
    CompareView view(runs_, selection_, tensors_, queue_);
    view.resize(600, 700);
    view.show();
    QVERIFY(QTest::qWaitForWindowActive(&view));
    select({"fine", "coarse"});
    view.tabs()->setCurrentWidget(view.text());
    view.text()->setModel(QStringLiteral("folio-4m"), QStringLiteral("folio-4m"));
    QTRY_VERIFY(view.text()->paragraph()->maximum() > 5);
    const QString first = view.text()->passage()->toPlainText();
    view.text()->paragraph()->setFocus();
    QTest::keyClick(view.text()->paragraph(), Qt::Key_Up);
    QVERIFY(view.text()->passage()->toPlainText() != first);
    view.text()->passage()->setPlainText(QStringLiteral("It was late in the evening."));
    view.text()->prompt()->setFocus();
    QTest::keyClicks(view.text()->prompt(), QStringLiteral("It was late"));
    QTest::keyClick(view.text()->prompt(), Qt::Key_Return);
    QTRY_COMPARE_WITH_TIMEOUT(view.text()->scoredText()->toPlainText(),
                              QStringLiteral("It was late in the evening."), 60'000);
    QCOMPARE(view.text()->shownModel()->currentText(), QStringLiteral("coarse"));
    const QString written = view.text()->continuations()->toPlainText();
    for (const char* name : {"unquantized\n", "fine\n", "coarse\n"}) {
        QVERIFY2(written.contains(QLatin1String(name)), qPrintable(written));
    }
    QCOMPARE(written.count(QStringLiteral("It was late")), 3);
}

QTEST_MAIN(TestCompareView)
#include "tst_compare_view.moc"
