// SPDX-License-Identifier: GPL-3.0-or-later
// Results documents as people handle them in the window: notes on runs, merging, presets, files of all kinds.
#include "dialogs/presets_dialog.h"
#include "dialogs/run_notes_dialog.h"
#include "models/own_presets.h"
#include "program_fixture.h"
#include "run_fixtures.h"
#include "store/results_document.h"
#include "support/file.h"
#include "test_support.h"
#include "views/layer_panel.h"
#include "views/notice_bar.h"
#include "views/presets_menu.h"
#include "views/run_table.h"

#include <QAction>
#include <QComboBox>
#include <QLineEdit>
#include <QListWidget>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QSignalSpy>
#include <QTableView>
#include <random>

using namespace planish;

namespace {

/// A document of the made-up runs.
QString writeDocument(const QTemporaryDir& folder, const QString& name, const std::vector<RunRecord>& runs) {
    const QString path = folder.filePath(name);
    writeResultsDocument(path.toStdString(), runs);
    return path;
}

std::vector<RunRecord> recordableRuns() {
    std::vector<RunRecord> runs = test::makeRuns();
    for (RunRecord& run : runs) {
        run.windowNll = {1, 2};
        run.baselineWindowNll = {1, 1.5};
    }
    return runs;
}

} // namespace

class TestDocuments : public QObject {
    Q_OBJECT

  private slots:
    void names_tags_and_notes_are_written_undone_and_kept();
    void what_differs_between_runs_stays_unless_it_is_typed();
    void the_table_shows_one_folder();
    void another_document_is_merged_into_the_open_one();
    void what_is_asked_of_files_at_once_is_all_done_in_order();
    void what_was_asked_of_files_is_done_when_the_program_ends();
    void results_are_shown_without_their_model();
    void mutated_documents_are_opened_or_refused_with_words();
    void a_recipe_becomes_a_preset_and_is_managed();
    void edits_go_a_thousand_steps_back_and_forth();
};

void TestDocuments::names_tags_and_notes_are_written_undone_and_kept() {
    test::Program program;
    const QString path = writeDocument(program.home, QStringLiteral("a.h5"), recordableRuns());
    program.start({path});
    Workbench& workbench = *program.workbench;
    QTRY_COMPARE(workbench.runs().count(), 4);
    workbench.selection().select({"id-fine"});
    QTableView* view = program.window->runTable()->view();
    view->setFocus();
    QTest::keyClick(view, Qt::Key_F2);
    auto* dialog = program.window->findChild<RunNotesDialog*>();
    QVERIFY(dialog != nullptr && dialog->isVisible());
    const auto edits = dialog->findChildren<QLineEdit*>();
    edits[0]->selectAll();
    QTest::keyClicks(edits[0], QStringLiteral("the best"));
    QTest::keyClicks(edits[1], QStringLiteral("paper,final"));
    QTest::keyClicks(dialog->findChild<QComboBox*>()->lineEdit(), QStringLiteral("figures/one"));
    dialog->findChild<QPlainTextEdit*>()->setFocus();
    QTest::keyClicks(dialog->findChild<QPlainTextEdit*>(), QStringLiteral("look again"));
    dialog->accept();
    const RunNotes expected{"the best", "paper, final", "figures/one", "look again"};
    QVERIFY(notesOf(workbench.runs().run(0)) == expected);
    const auto stored = [&] { return notesOf(ResultsDocument(path.toStdString()).read()[0]); };
    QTRY_VERIFY(stored() == expected);

    program.window->activateWindow();
    QVERIFY(QTest::qWaitForWindowActive(program.window.get()));
    QTest::keyClick(program.window.get(), Qt::Key_Z, Qt::ControlModifier);
    QCOMPARE(workbench.runs().run(0).name, std::string("fine"));
    QTRY_COMPARE(stored().name, std::string("fine"));
    workbench.editor().undoStack()->redo();
    QTRY_VERIFY(stored() == expected);

    // In another document the same step changes nothing.
    workbench.openDocument(writeDocument(program.home, QStringLiteral("b.h5"), recordableRuns()));
    QTRY_COMPARE(workbench.runs().run(0).name, std::string("fine"));
    workbench.editor().undoStack()->undo();
    QTest::qWait(100);
    QVERIFY(stored() == expected);
    QVERIFY(!workbench.editor().undoStack()->canRedo());
}

void TestDocuments::what_differs_between_runs_stays_unless_it_is_typed() {
    RunCollection runs;
    runs.setRuns(test::makeRuns());
    runs.setNotes({{"id-fine", {"fine", "a", "", "same"}}, {"id-middle", {"middle", "b", "", "same"}}});
    RunNotesDialog dialog(runs, {"id-fine", "id-middle", "gone"});
    dialog.findChild<QPlainTextEdit*>()->setPlainText(QStringLiteral("both"));
    const auto notes = dialog.notes();
    QCOMPARE(notes.size(), std::size_t{2});
    QVERIFY((notes.at("id-fine") == RunNotes{"fine", "a", "", "both"}));
    QVERIFY((notes.at("id-middle") == RunNotes{"middle", "b", "", "both"}));
}

void TestDocuments::the_table_shows_one_folder() {
    RunCollection runs;
    RunSelection selection;
    runs.setRuns(test::makeRuns());
    RunTable table(runs, selection);
    table.show();
    auto* folders = table.findChild<QComboBox*>();
    QVERIFY(!folders->isVisibleTo(&table));
    runs.setNotes({{"id-fine", {"fine", "", "p/x", ""}}, {"id-middle", {"middle", "", "p", ""}}});
    QVERIFY(folders->isVisibleTo(&table));
    QCOMPARE(folders->count(), 3);
    folders->setCurrentIndex(folders->findData(QStringLiteral("p")));
    QCOMPARE(table.view()->model()->rowCount(), 2);
    folders->setCurrentIndex(folders->findData(QStringLiteral("p/x")));
    QCOMPARE(table.view()->model()->rowCount(), 1);
    runs.setNotes({{"id-fine", {"fine", "", "", ""}}});
    QCOMPARE(table.view()->model()->rowCount(), 4); // the folder is gone
}

void TestDocuments::another_document_is_merged_into_the_open_one() {
    test::Program program;
    std::vector<RunRecord> runs = recordableRuns();
    const QString mine = writeDocument(program.home, QStringLiteral("mine.h5"), {runs[0], runs[1]});
    const QString theirs = writeDocument(program.home, QStringLiteral("theirs.h5"), {runs[1], runs[2]});
    program.start({mine});
    QTRY_COMPARE(program.workbench->runs().count(), 2);
    program.workbench->mergeDocument(theirs);
    QTRY_COMPARE(program.workbench->runs().count(), 3);
    QCOMPARE(ResultsDocument(mine.toStdString()).runIds().size(), std::size_t{3});
    program.workbench->mergeDocument(QStringLiteral("/nonexistent.h5"));
    QTRY_VERIFY(program.window->messages()->text().contains(QStringLiteral("/nonexistent.h5")));
}

void TestDocuments::what_is_asked_of_files_at_once_is_all_done_in_order() {
    test::Program program;
    const std::vector<RunRecord> runs = recordableRuns();
    const QString first = writeDocument(program.home, QStringLiteral("first.h5"), {runs[0]});
    const QString second = writeDocument(program.home, QStringLiteral("second.h5"), {runs[1]});
    const QString third = writeDocument(program.home, QStringLiteral("third.h5"), {runs[2]});
    const QString copy = program.home.filePath(QStringLiteral("copy.h5"));
    const QString recipe = program.home.filePath(QStringLiteral("mine.json"));
    test::writeFile(recipe.toStdString(),
                    R"({"schema": "planish.recipe/1", "name": "mine", "default": "int8:g64", "rules": []})");
    program.start({first});
    Workbench& workbench = *program.workbench;
    QTRY_COMPARE(workbench.documentPath(), first);
    QStringList events;
    connect(&workbench, &Workbench::documentOpened, this,
            [&](const QString& path) { events += QFileInfo(path).fileName(); });
    connect(&workbench, &Workbench::recipeOpened, this, [&] { events += QStringLiteral("recipe"); });
    connect(&workbench, &Workbench::modelOpened, this, [&] { events += QStringLiteral("model"); });
    connect(&workbench, &Workbench::failed, this, [&] { events += QStringLiteral("failed"); });

    workbench.mergeDocument(second);
    workbench.saveDocumentAs(copy);
    workbench.openDocument(QStringLiteral("/dev/null/none.h5"), [&] { events += QStringLiteral("over"); });
    workbench.openDocument(third, [&] { events += QStringLiteral("then"); });
    workbench.openModel(QStringLiteral("folio-4m"), [&] { events += QStringLiteral("then"); });
    workbench.open(recipe);
    workbench.mergeDocument(first);
    const QStringList expected{QStringLiteral("first.h5"), QStringLiteral("copy.h5"),
                               QStringLiteral("failed"),   QStringLiteral("over"),
                               QStringLiteral("third.h5"), QStringLiteral("then"),
                               QStringLiteral("model"),    QStringLiteral("then"),
                               QStringLiteral("recipe"),   QStringLiteral("third.h5")};
    QTRY_COMPARE_WITH_TIMEOUT(events.size(), expected.size(), test::patience);
    QCOMPARE(events, expected);
    QCOMPARE(workbench.editor().name(), QStringLiteral("mine"));
    // Each was done to what those before it had left.
    const auto count = [](const QString& path) {
        return ResultsDocument(path.toStdString()).runIds().size();
    };
    QCOMPARE(count(first), std::size_t{2});
    QCOMPARE(count(copy), std::size_t{2});
    QCOMPARE(count(third), std::size_t{3});
    QCOMPARE(workbench.runs().count(), 3);
}

void TestDocuments::what_was_asked_of_files_is_done_when_the_program_ends() {
    test::Program program;
    const std::vector<RunRecord> runs = recordableRuns();
    const QString first = writeDocument(program.home, QStringLiteral("first.h5"), {runs[0]});
    const QString second = writeDocument(program.home, QStringLiteral("second.h5"), {runs[1]});
    const QString copy = program.home.filePath(QStringLiteral("copy.h5"));
    program.start({first});
    QTRY_COMPARE(program.workbench->documentPath(), first);
    program.workbench->mergeDocument(second);
    program.workbench->saveDocumentAs(copy);
    program.close();
    QCOMPARE(ResultsDocument(copy.toStdString()).runIds().size(), std::size_t{2});
}

void TestDocuments::results_are_shown_without_their_model() {
    test::Program program;
    const QString path = writeDocument(program.home, QStringLiteral("a.h5"), recordableRuns());
    program.start({path});
    QTRY_COMPARE(program.workbench->runs().count(), 4);
    program.workbench->selection().select({"id-coarse"}); // of a model that is nowhere
    QVERIFY(!program.window->layerPanel()->isReadOnly());
    QVERIFY(program.window->messages()->isHidden());
}

void TestDocuments::mutated_documents_are_opened_or_refused_with_words() {
    test::Program program;
    program.start();
    const QString path = writeDocument(program.home, QStringLiteral("a.h5"), recordableRuns());
    const std::string whole = readWholeFile(path.toStdString(), 1U << 24);
    std::mt19937 random(7);
    int refused = 0;
    for (int round = 0; round < 60; ++round) {
        std::string bytes = whole;
        for (int i = 0; i < 1 + round % 8; ++i) {
            bytes[random() % (round % 2 == 0 ? bytes.size() : 2000)] = static_cast<char>(random());
        }
        if (round % 5 == 0) {
            bytes.resize(random() % bytes.size());
        }
        const QString mutated = program.home.filePath(QStringLiteral("mutated%1.h5").arg(round));
        test::writeFile(mutated.toStdString(), bytes);
        program.window->messages()->hide();
        bool over = false;
        program.workbench->openDocument(mutated, [&over] { over = true; });
        QTRY_VERIFY_WITH_TIMEOUT(over, test::patience);
        if (program.workbench->documentPath() != mutated) {
            ++refused;
            QVERIFY2(program.window->messages()->text().contains(QFileInfo(mutated).fileName()),
                     qPrintable(program.window->messages()->text()));
        }
    }
    qInfo("%d of 60 mutated documents refused", refused);
    QVERIFY(refused > 10);
}

void TestDocuments::a_recipe_becomes_a_preset_and_is_managed() {
    test::Program program;
    program.start();
    auto* menu = qobject_cast<PresetsMenu*>(program.window->layerPanel()->presetsMenu());
    QVERIFY(menu != nullptr && menu->ownActions().isEmpty());
    program.workbench->editor().setCodec({2, 3}, Codec::parse("int3:g64"));
    const Recipe kept = program.workbench->editor().recipe();
    menu->keep(QStringLiteral("mine: 3/4"));
    QTRY_COMPARE(menu->ownActions().size(), 1);
    program.workbench->editor().undoStack()->undo();
    menu->ownActions().front()->trigger();
    QCOMPARE(program.workbench->editor().name(), QStringLiteral("mine: 3/4"));
    QVERIFY(program.workbench->editor().recipe().rules == kept.rules);
    QSignalSpy refused(menu, &PresetsMenu::failed);
    menu->keep(QStringLiteral("mine: 3/4")); // not replaced
    QTRY_COMPARE(refused.size(), 1);
    QCOMPARE(OwnPresets().list().size(), std::size_t{1});

    PresetsDialog dialog{OwnPresets()};
    dialog.show();
    QVERIFY(QTest::qWaitForWindowActive(&dialog));
    auto* list = dialog.findChild<QListWidget*>();
    QTRY_COMPARE(list->count(), 1);
    list->item(0)->setText(QStringLiteral("better"));
    QTRY_COMPARE(OwnPresets().list().front().name, QStringLiteral("better"));
    QCOMPARE(list->item(0)->text(), QStringLiteral("better"));
    QVERIFY(QTest::qWaitForWindowActive(&dialog));
    QTest::keyClick(list, Qt::Key_Delete);
    QTRY_VERIFY(OwnPresets().list().empty()); // the button is pressed for a moment
    QTRY_COMPARE(list->count(), 0);
    for (QPushButton* button : dialog.findChildren<QPushButton*>()) {
        if (button->text() == QStringLiteral("&Take back")) {
            QTRY_VERIFY(button->isEnabled());
            QTest::mouseClick(button, Qt::LeftButton);
        }
    }
    QTRY_COMPARE(OwnPresets().list().size(), std::size_t{1});
    test::writeFile((OwnPresets().folder() + QStringLiteral("/broken.json")).toStdString(), "{");
    QCOMPARE(OwnPresets().list().size(), std::size_t{2});
    emit menu->aboutToShow();
    QTRY_COMPARE(menu->ownActions().size(), 2);
    QVERIFY(!menu->ownActions()[1]->isEnabled() || !menu->ownActions()[0]->isEnabled());
}

void TestDocuments::edits_go_a_thousand_steps_back_and_forth() {
    test::Program program;
    const QString path = writeDocument(program.home, QStringLiteral("a.h5"), recordableRuns());
    program.start({path});
    RecipeEditor& editor = program.workbench->editor();
    const char* const codecs[] = {"int4:g64", "int3:g64", "int8:g64", "nf4:g64", "int2:g16", "bf16"};
    std::mt19937 random(11);
    std::vector<Json> states{editor.recipe().toJson()};
    const auto names = [&] {
        std::string all;
        for (const RunRecord& run : program.workbench->runs().runs()) {
            all += run.name + '\n' + run.tags + '\n';
        }
        return all;
    };
    std::vector<std::string> notes{names()};
    for (int i = 0; i < 1000; ++i) {
        switch (random() % 8) {
        case 0:
            editor.setName(QStringLiteral("name %1").arg(i));
            break;
        case 1:
            editor.setRecipe(Recipe::uniform(codecs[random() % 5]), QStringLiteral("uniform"));
            break;
        case 2: {
            const RunRecord& run = program.workbench->runs().run(static_cast<int>(random() % 4));
            RunNotes written = notesOf(run);
            written.tags = "tag" + std::to_string(i);
            program.workbench->notes().set({{run.id, written}}, QStringLiteral("tag"));
            break;
        }
        case 3:
            editor.undoStack()->undo();
            break;
        default: {
            std::vector<int> tensors;
            for (std::size_t t = 0; t < editor.tensors().size(); ++t) {
                if (random() % 4 == 0 && editor.tensors()[t].block >= 0 &&
                    editor.tensors()[t].shape.rows > 1) {
                    tensors.push_back(static_cast<int>(t));
                }
            }
            if (!tensors.empty()) {
                editor.setCodec(tensors, Codec::parse(codecs[random() % 6]));
            }
        }
        }
        const auto now = static_cast<std::size_t>(editor.undoStack()->index());
        states.resize(now);
        notes.resize(now);
        states.push_back(editor.recipe().toJson());
        notes.push_back(names());
    }
    const auto end = static_cast<int>(states.size()) - 1;
    QVERIFY(end > 400);
    for (int position = end; position >= 0; --position) {
        editor.undoStack()->setIndex(position);
        QVERIFY(editor.recipe().toJson() == states[static_cast<std::size_t>(position)]);
        QVERIFY(names() == notes[static_cast<std::size_t>(position)]);
    }
    for (int position = 0; position <= end; ++position) {
        editor.undoStack()->setIndex(position);
        QVERIFY(editor.recipe().toJson() == states[static_cast<std::size_t>(position)]);
    }
    QVERIFY(names() == notes.back());
}

QTEST_MAIN(TestDocuments)
#include "tst_documents.moc"
