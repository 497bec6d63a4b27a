// SPDX-License-Identifier: GPL-3.0-or-later
#include "dialogs/help_page.h"
#include "dialogs/run_settings_bar.h"
#include "program_fixture.h"
#include "store/results_document.h"
#include "test_support.h"
#include "theme.h"
#include "views/frontier_view.h"
#include "views/job_panel.h"
#include "views/layer_panel.h"
#include "views/layer_tree_view.h"
#include "views/notice_bar.h"
#include "views/role_chips.h"
#include "views/run_table.h"

#include <QAction>
#include <QComboBox>
#include <QLabel>
#include <QMimeData>
#include <QSpinBox>
#include <QTableView>
#include <map>
#include <memory>

using namespace planish;
using test::patience;

class TestWorkbench : public QObject {
    Q_OBJECT

    std::unique_ptr<test::Program> program_;

    Workbench& workbench() { return *program_->workbench; }
    MainWindow& window() { return *program_->window; }
    void setNumber(const char* name, int value);
    void setMlpCodec(const QString& codec);
    /// Runs the recipe being edited on very little text.
    void runShort();

  private slots:
    void initTestCase() { applyTheme(Theme::light); }
    void init();
    void cleanup() { program_.reset(); }

    void from_the_first_start_to_a_selected_point();
    void no_two_commands_of_the_window_share_a_shortcut();
    void the_help_page_tells_all_keys();
    void copies_of_documents_are_named_as_desktops_know_them();
    void a_run_survives_the_program_and_is_not_measured_twice();
    void a_run_is_cancelled_within_a_second();
    void the_next_run_is_estimated_as_it_is_edited();
    void the_program_can_be_closed_while_a_run_executes();
    void what_cannot_be_opened_is_told_in_the_message_bar();
    void a_dropped_recipe_becomes_the_one_being_edited();
    void a_sweep_queues_its_runs_and_repeats_none();
    void saved_results_open_again_elsewhere();
    void a_removed_run_is_gone_from_the_document();
    void the_window_follows_the_theme();
};

void TestWorkbench::init() {
    program_ = std::make_unique<test::Program>();
    program_->start();
}

void TestWorkbench::setNumber(const char* name, int value) {
    int found = 0;
    for (QSpinBox* box : window().runSettings()->findChildren<QSpinBox*>()) {
        if (box->accessibleName() == QLatin1String(name)) {
            box->setFocus();
            box->selectAll();
            QTest::keyClicks(box, QString::number(value));
            QTest::keyClick(box, Qt::Key_Tab);
            QCOMPARE(box->value(), value);
            ++found;
        }
    }
    QCOMPARE(found, 1);
}

void TestWorkbench::setMlpCodec(const QString& codec) {
    QTest::mouseClick(window().layerPanel()->findChild<RoleChips*>()->chip(QStringLiteral("mlp")),
                      Qt::LeftButton);
    auto* tree = window().layerPanel()->findChild<LayerTreeView*>();
    tree->setFocus();
    QTest::keyClick(tree, Qt::Key_Return);
    QComboBox* editor = nullptr;
    for (QComboBox* box : tree->viewport()->findChildren<QComboBox*>()) {
        editor = box->isVisible() ? box : editor;
    }
    QVERIFY(editor != nullptr);
    editor->setEditText(codec);
    QTest::keyClick(editor, Qt::Key_Enter);
}

void TestWorkbench::runShort() {
    setNumber("Context", 128);
    setNumber("Windows", 2);
    QTest::keyClick(&window(), Qt::Key_F5);
    QCOMPARE(workbench().queue().unfinishedCount(), 1);
    program_->waitForJobs();
    QCOMPARE(workbench().queue().unfinishedCount(), 0);
    QVERIFY2(window().messages()->isHidden(), qPrintable(window().messages()->text()));
}

void TestWorkbench::from_the_first_start_to_a_selected_point() {
    QCOMPARE(workbench().editor().modelName(), QStringLiteral("folio-4m"));
    const RecipeSize before = workbench().editor().size();
    setMlpCodec(QStringLiteral("int3:g64"));
    QVERIFY(workbench().editor().size().totalBytes < before.totalBytes);

    const test::StallWatch watch;
    runShort();
    qInfo("longest stall of the event loop while a run executed: %lld ms", watch.longestMilliseconds());
    QVERIFY(watch.longestMilliseconds() < 500);

    QCOMPARE(workbench().runs().count(), 1);
    const RunRecord& run = workbench().runs().run(0);
    QCOMPARE(run.windows, std::uint64_t{2});
    QCOMPARE(run.context, std::uint64_t{128});
    QVERIFY(run.ppl > 1 && run.bitsPerWeight > 3);
    // The size announced before the run is the measured one.
    QCOMPARE(run.packedBytes, workbench().editor().size().totalBytes);

    FrontierPlot* plot = window().frontier()->plot();
    QTest::qWait(30);
    const std::optional<QPointF> pixel = plot->pixelOf(run.id);
    QVERIFY(pixel.has_value());
    QTest::mouseClick(plot, Qt::LeftButton, {}, pixel->toPoint());
    QVERIFY(workbench().selection().contains(run.id));
    QCOMPARE(window().runTable()->view()->selectionModel()->selectedRows().size(), 1);
    QVERIFY(window().layerPanel()->isReadOnly());
    QTest::keyClick(plot, Qt::Key_Escape);
    QVERIFY(!window().layerPanel()->isReadOnly());
    workbench().editor().undoStack()->undo();
    QCOMPARE(workbench().editor().size().totalBytes, before.totalBytes);
}

/// Qt calls neither of two actions with the same keys.
void TestWorkbench::no_two_commands_of_the_window_share_a_shortcut() {
    std::map<QString, QString> owners;
    for (const QAction* action : window().findChildren<QAction*>()) {
        if (action->shortcutContext() != Qt::WindowShortcut) {
            continue; // works in its own view only
        }
        for (const QKeySequence& keys : action->shortcuts()) {
            if (keys.isEmpty()) {
                continue; // a standard command that has no keys on this platform
            }
            const auto [owner, isNew] = owners.try_emplace(keys.toString(), action->text());
            QVERIFY2(
                isNew,
                qPrintable(
                    QStringLiteral("%1: %2 and %3").arg(keys.toString(), owner->second, action->text())));
        }
    }
    QVERIFY(owners.size() > 10);
}

void TestWorkbench::the_help_page_tells_all_keys() {
    const QString page = window().findChild<HelpPage*>()->toPlainText();
    int keys = 0;
    for (const QAction* action : window().findChildren<QAction*>()) {
        const QKeySequence key = action->shortcut();
        if (!key.isEmpty()) {
            QVERIFY2(page.contains(key.toString(QKeySequence::NativeText)), qPrintable(action->text()));
            ++keys;
        }
    }
    QVERIFY(keys > 25);
    for (const char* line : {"Ctrl+K\nCompare runs", "Ctrl+M\nMap of runs", "Ctrl+D\nFill down"}) {
        QVERIFY2(page.contains(QLatin1String(line)), qPrintable(page.right(2000)));
    }
}

void TestWorkbench::copies_of_documents_are_named_as_desktops_know_them() {
    const QString name = MainWindow::suggestedDocumentName(QStringLiteral("/x/mine.planish.h5"));
    QCOMPARE(name, QStringLiteral("mine.planish.h5"));
    QCOMPARE(MainWindow::suggestedDocumentName(QStringLiteral("/x/results.h5")),
             QStringLiteral("results.planish.h5"));
    QFile types(QStringLiteral(PLANISH_SOURCE "/resources/desktop/org.planish.Planish.xml"));
    QVERIFY(types.open(QIODevice::ReadOnly));
    QVERIFY(types.readAll().contains("*.planish.h5"));
}

void TestWorkbench::a_run_survives_the_program_and_is_not_measured_twice() {
    runShort();
    const std::string id = workbench().runs().run(0).id;
    program_->close();
    program_->start();
    QTRY_COMPARE(workbench().runs().count(), 1);
    QCOMPARE(workbench().runs().run(0).id, id);
    runShort();
    QCOMPARE(workbench().runs().count(), 1);
    QVERIFY(workbench().selection().contains(id));
}

void TestWorkbench::a_run_is_cancelled_within_a_second() {
    setNumber("Windows", 0); // the whole text
    QTest::keyClick(&window(), Qt::Key_F5);
    JobQueue& queue = workbench().queue();
    QTRY_COMPARE_WITH_TIMEOUT(queue.jobs().front().state, JobState::running, patience);
    QTRY_VERIFY_WITH_TIMEOUT(queue.jobs().front().stage.startsWith(QStringLiteral("evaluate")) ||
                                 queue.jobs().front().stage.startsWith(QStringLiteral("baseline")),
                             patience);
    QElapsedTimer timer;
    timer.start();
    window().jobPanel()->cancelAction()->trigger();
    program_->waitForJobs();
    qInfo("cancelled after %lld ms", timer.elapsed());
    QCOMPARE(queue.jobs().front().state, JobState::cancelled);
    QVERIFY(timer.elapsed() < 5000); // a second on an idle machine; tests share theirs
    QCOMPARE(workbench().runs().count(), 0);
}

void TestWorkbench::the_next_run_is_estimated_as_it_is_edited() {
    const auto* label = window().findChild<QLabel*>(QStringLiteral("estimate"));
    QVERIFY(label);
    QTRY_VERIFY_WITH_TIMEOUT(label->text().startsWith(QStringLiteral("≈")), patience);
    const QString before = label->toolTip();
    QVERIFY(before.contains(QStringLiteral("packed weights")));
    setNumber("Windows", 3);
    QTRY_VERIFY_WITH_TIMEOUT(label->toolTip() != before && label->text().startsWith(QStringLiteral("≈")),
                             patience);
    setNumber("Windows", 100'000'000); // more than the text has
    QTRY_COMPARE_WITH_TIMEOUT(label->text(), QStringLiteral("cannot run"), patience);
    QVERIFY(label->toolTip().contains(QStringLiteral("windows")));
}

void TestWorkbench::the_program_can_be_closed_while_a_run_executes() {
    setNumber("Windows", 0); // the whole text
    QTest::keyClick(&window(), Qt::Key_F5);
    QTRY_COMPARE_WITH_TIMEOUT(workbench().queue().jobs().front().state, JobState::running, patience);
    QElapsedTimer timer;
    timer.start();
    program_->close();
    QVERIFY(timer.elapsed() < 5000);
    program_->start();
    QCOMPARE(workbench().runs().count(), 0);
}

void TestWorkbench::what_cannot_be_opened_is_told_in_the_message_bar() {
    const std::filesystem::path folder(program_->home.path().toStdString());
    test::writeFile(folder / "broken.h5", "no HDF5 here");
    workbench().open(program_->home.filePath(QStringLiteral("broken.h5")));
    QTRY_VERIFY(window().messages()->isVisible());
    QVERIFY2(window().messages()->text().contains(QStringLiteral("broken.h5")),
             qPrintable(window().messages()->text()));
    workbench().open(QStringLiteral("/nonexistent/model"));
    QTRY_VERIFY(window().messages()->text().contains(QStringLiteral("/nonexistent/model")));
    test::writeFile(folder / "recipe.json",
                    R"({"schema": "planish.recipe/1", "name": "x", "defualt": "bf16"})");
    workbench().open(program_->home.filePath(QStringLiteral("recipe.json")));
    QTRY_VERIFY2(window().messages()->text().contains(QStringLiteral("defualt")),
                 qPrintable(window().messages()->text()));
    QCOMPARE(workbench().editor().modelName(), QStringLiteral("folio-4m"));
}

void TestWorkbench::a_dropped_recipe_becomes_the_one_being_edited() {
    const std::filesystem::path folder(program_->home.path().toStdString());
    test::writeFile(folder / "mine.json",
                    R"({"schema": "planish.recipe/1", "name": "my mix", "default": "bf16",
        "rules": [{"match": "attention", "codec": "int8:g64"}, {"match": "mlp", "codec": "int2:g16"}]})");
    QMimeData data;
    data.setUrls({QUrl::fromLocalFile(program_->home.filePath(QStringLiteral("mine.json")))});
    QDragEnterEvent enter({50, 50}, Qt::CopyAction, &data, Qt::LeftButton, Qt::NoModifier);
    QApplication::sendEvent(&window(), &enter);
    QVERIFY(enter.isAccepted());
    QDropEvent drop({50, 50}, Qt::CopyAction, &data, Qt::LeftButton, Qt::NoModifier);
    QApplication::sendEvent(&window(), &drop);
    QTRY_COMPARE(workbench().editor().name(), QStringLiteral("my mix"));
    QVERIFY(workbench().editor().undoStack()->canUndo());
}

void TestWorkbench::a_sweep_queues_its_runs_and_repeats_none() {
    test::writeFile(std::filesystem::path(program_->home.path().toStdString()) / "sweep.json",
                    R"({"schema": "planish.sweep/1", "models": ["folio-4m"], "texts": ["docs"],
                        "context": 128, "windows": 2, "codecs": ["int8:g64", "int4:g64"]})");
    for (int time = 0; time < 2; ++time) {
        workbench().queue().removeFinished();
        workbench().open(program_->home.filePath(QStringLiteral("sweep.json")));
        QTRY_COMPARE(workbench().queue().jobs().size(), std::size_t{2});
        QCOMPARE(workbench().runJobs().expected().size(), std::size_t(workbench().queue().unfinishedCount()));
        program_->waitForJobs();
        QCOMPARE(workbench().runs().count(), 2);
        QVERIFY(workbench().selection().ids().empty());
        QVERIFY(workbench().runJobs().expected().empty());
    }
    // A comparison outlives a new recipe; a run that is looked at alone gives way to it.
    const std::string first = workbench().runs().run(0).id;
    workbench().selection().select({first, workbench().runs().run(1).id});
    QVERIFY(workbench().takeRecipe(Recipe::uniform("int3:g64"), QStringLiteral("Other")));
    QCOMPARE(workbench().selection().ids().size(), std::size_t{2});
    workbench().selection().select({first});
    QVERIFY(workbench().takeRecipe(Recipe::uniform("int2:g64"), QStringLiteral("Another")));
    QVERIFY(workbench().selection().ids().empty());
}

void TestWorkbench::saved_results_open_again_elsewhere() {
    runShort();
    const QString copy = program_->home.filePath(QStringLiteral("copy.h5"));
    workbench().saveDocumentAs(copy);
    QTRY_COMPARE(workbench().documentPath(), copy);
    QCOMPARE(ResultsDocument(copy.toStdString()).read().size(), std::size_t{1});
    workbench().openDocument(program_->home.filePath(QStringLiteral("new.h5")));
    QTRY_COMPARE(workbench().runs().count(), 0);
    workbench().open(copy);
    QTRY_COMPARE(workbench().runs().count(), 1);
}

void TestWorkbench::a_removed_run_is_gone_from_the_document() {
    runShort();
    workbench().removeRuns({workbench().runs().run(0).id});
    program_->waitForJobs();
    QCOMPARE(workbench().runs().count(), 0);
    QVERIFY(ResultsDocument(workbench().documentPath().toStdString()).runIds().empty());
}

void TestWorkbench::the_window_follows_the_theme() {
    const auto background = [this] {
        return window().frontier()->plot()->grab().toImage().pixelColor(2, 2).lightness();
    };
    applyTheme(Theme::dark);
    QTest::qWait(30);
    QVERIFY(background() < 80);
    applyTheme(Theme::light);
    QTest::qWait(30);
    QVERIFY(background() > 200);
    // The desktop's theme changes while the program runs: a chosen theme stays, that of the system follows.
    QSettings().setValue(QStringLiteral("window/theme"), QStringLiteral("dark"));
    QEvent changed(QEvent::ThemeChange);
    QApplication::sendEvent(&window(), &changed);
    QTest::qWait(30);
    QVERIFY(background() < 80);
    QSettings().setValue(QStringLiteral("window/theme"), QStringLiteral("system"));
    QApplication::sendEvent(&window(), &changed);
    QTest::qWait(30);
    QVERIFY(background() > 200); // this test's desktop is light
}

QTEST_MAIN(TestWorkbench)
#include "tst_workbench.moc"
