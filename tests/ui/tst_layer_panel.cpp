// SPDX-License-Identifier: GPL-3.0-or-later
#include "model/model.h"
#include "models/cost_table.h"
#include "models/recipe_text.h"
#include "test_support.h"
#include "ui/layer_fixture.h"
#include "views/codec_carrier.h"
#include "views/layer_panel.h"
#include "views/layer_tree_view.h"
#include "views/notice_bar.h"
#include "views/role_chips.h"

#include <QAction>
#include <QApplication>
#include <QClipboard>
#include <QComboBox>
#include <QLabel>
#include <QLineEdit>
#include <QLocale>
#include <QMenu>
#include <QPushButton>
#include <QSignalSpy>
#include <QTemporaryDir>
#include <QTest>
#include <memory>

using planish::Codec;
using planish::LayerPanel;
using planish::LayerTreeModel;
using planish::LayerTreeView;
using planish::NoticeBar;
using planish::Recipe;
using planish::RecipeEditor;
using planish::Role;
using planish::RoleChips;
using planish::test::layerTensors;
using planish::test::tensorOf;

class TestLayerPanel : public QObject {
    Q_OBJECT

    std::unique_ptr<RecipeEditor> editor_;
    std::unique_ptr<planish::CostTable> costs_;
    std::unique_ptr<LayerPanel> panel_;
    LayerTreeView* tree_ = nullptr;

    QString sizeLine() const { return panel_->findChild<QLabel*>(QStringLiteral("recipeSize"))->text(); }
    QLineEdit* filterBox() const {
        for (QLineEdit* edit : panel_->findChildren<QLineEdit*>()) {
            if (edit->accessibleName() == QStringLiteral("Filter layers")) {
                return edit;
            }
        }
        return nullptr;
    }
    QComboBox* codecEditor() const {
        for (QComboBox* combo : tree_->viewport()->findChildren<QComboBox*>()) {
            if (combo->isVisible()) {
                return combo;
            }
        }
        return nullptr;
    }
    NoticeBar* bar(NoticeBar::Kind kind) const {
        const QList<NoticeBar*> bars = panel_->findChildren<NoticeBar*>();
        return bars[kind == NoticeBar::Kind::problem ? 0 : 1];
    }
    void clickChip(const char* role) const {
        QTest::mouseClick(panel_->findChild<RoleChips*>()->chip(QString::fromUtf8(role)), Qt::LeftButton);
    }
    qsizetype countOf(const std::string& codec) const {
        return std::count_if(editor_->codecs().begin(), editor_->codecs().end(),
                             [&](const Codec& each) { return each.name() == codec; });
    }
    void selectRow(const QModelIndex& row) const {
        tree_->selectionModel()->setCurrentIndex(row, QItemSelectionModel::ClearAndSelect |
                                                          QItemSelectionModel::Rows);
    }
    QModelIndex blockCodec(int block) const {
        return tree_->model()->index(1 + block, LayerTreeModel::codecColumn);
    }

  private slots:
    void initTestCase() { QLocale::setDefault(QLocale(QLocale::English, QLocale::UnitedStates)); }

    void init() {
        panel_.reset();
        editor_ = std::make_unique<RecipeEditor>();
        costs_ = std::make_unique<planish::CostTable>(editor_.get());
        panel_ = std::make_unique<LayerPanel>(editor_.get(), costs_.get());
        tree_ = panel_->findChild<LayerTreeView*>();
        panel_->resize(800, 900);
        panel_->show();
        editor_->setModel(QStringLiteral("model"), layerTensors(4), true);
        QVERIFY(QTest::qWaitForWindowActive(panel_.get()));
    }

    void without_a_model_the_panel_says_what_to_do() {
        RecipeEditor editor;
        planish::CostTable costs(&editor);
        LayerPanel panel(&editor, &costs);
        panel.show();
        bool hinted = false;
        for (const QLabel* label : panel.findChildren<QLabel*>()) {
            hinted = hinted || (label->isVisible() && label->text().contains(QStringLiteral("Ctrl+O")));
        }
        QVERIFY(hinted);
        QVERIFY(!panel.findChild<LayerTreeView*>()->isVisible());
        QVERIFY(!panel.editCodecAction()->isEnabled());
    }

    void a_chip_and_a_typed_codec_set_all_layers_of_a_role() {
        QCOMPARE(sizeLine(),
                 QStringLiteral("7.1x (4.50 bits/weight) · whole model 5.2x fp32 / 2.6x bf16 · 2.69 MiB"));
        clickChip("mlp");
        QCOMPARE(tree_->selectedTensors().size(), 12);
        QVERIFY(tree_->hasFocus());
        QTest::keyClicks(tree_, QStringLiteral("i"));
        QVERIFY(codecEditor());
        QTest::keyClicks(codecEditor(), QStringLiteral("nt3:g64"));
        // As in life, keys go to the list of completions while it is open.
        QWidget* completions = QApplication::activePopupWidget();
        QVERIFY(completions);
        QTest::keyClick(completions, Qt::Key_Return);
        QVERIFY(!codecEditor());
        QCOMPARE(countOf("int3:g64"), 12);
        QVERIFY2(sizeLine().startsWith(QStringLiteral("8.5x (3.75 bits/weight)")), qPrintable(sizeLine()));
        QCOMPARE(blockCodec(0).data().toString(), QStringLiteral("mixed"));
        QCOMPARE(tree_->selectedTensors().size(), 12);
        editor_->undoStack()->undo();
        QVERIFY(sizeLine().startsWith(QStringLiteral("7.1x")));
    }

    void a_filter_select_all_and_enter_do_the_same_by_keyboard() {
        panel_->filterAction()->trigger();
        QVERIFY(filterBox()->hasFocus());
        QTest::keyClicks(filterBox(), QStringLiteral("mlp"));
        QTest::keyClick(filterBox(), Qt::Key_Return);
        QVERIFY(tree_->hasFocus());
        QTest::keyClick(tree_, Qt::Key_A, Qt::ControlModifier);
        QTest::keyClick(tree_, Qt::Key_Return);
        QVERIFY(codecEditor());
        codecEditor()->setEditText(QStringLiteral("int2:g64"));
        QTest::keyClick(codecEditor(), Qt::Key_Enter);
        QCOMPARE(countOf("int2:g64"), 12);
        QCOMPARE(editor_->undoStack()->undoText(), QStringLiteral("Set 12 MLP tensors to int2:g64"));
    }

    void a_double_click_in_one_of_many_selected_rows_edits_them_all() {
        clickChip("q");
        const QModelIndex cell = tree_->currentIndex();
        const QPoint point = tree_->visualRect(cell).center();
        QTest::mouseClick(tree_->viewport(), Qt::LeftButton, {}, point);
        QTest::mouseDClick(tree_->viewport(), Qt::LeftButton, {}, point);
        QCOMPARE(tree_->selectedTensors().size(), 4);
        QVERIFY(codecEditor());
        codecEditor()->setEditText(QStringLiteral("int8:g64"));
        QTest::keyClick(codecEditor(), Qt::Key_Return);
        QCOMPARE(countOf("int8:g64"), 4);
    }

    void text_that_is_no_codec_is_marked_and_keeps_the_editor_open() {
        clickChip("q");
        panel_->editCodecAction()->trigger();
        QVERIFY(codecEditor());
        const QColor plain = codecEditor()->palette().color(QPalette::Base);
        codecEditor()->setEditText(QStringLiteral("int99:g64"));
        QVERIFY(codecEditor()->palette().color(QPalette::Base) != plain);
        QVERIFY(codecEditor()->toolTip().contains(QStringLiteral("int99")));
        QTest::keyClick(codecEditor(), Qt::Key_Return);
        QVERIFY(codecEditor());
        QTest::keyClick(codecEditor(), Qt::Key_Escape);
        QVERIFY(!codecEditor());
        QVERIFY(!editor_->undoStack()->canUndo());
    }

    void the_list_of_the_editor_shows_codecs_with_their_cost() {
        tree_->setCurrentIndex(blockCodec(1));
        panel_->editCodecAction()->trigger();
        QVERIFY(codecEditor());
        QCOMPARE(codecEditor()->currentText(), QStringLiteral("int4:g64"));
        const int alias = codecEditor()->findText(QStringLiteral("int4_opt_v1"));
        QVERIFY(alias >= 0);
        codecEditor()->setCurrentIndex(alias);
        emit codecEditor()->activated(alias);
        QCOMPARE(countOf("int4:g16+refine"), 7);
    }

    void chips_are_down_while_their_role_is_selected() {
        auto* chips = panel_->findChild<RoleChips*>();
        const auto isDown = [&](const char* role) {
            return chips->chip(QString::fromUtf8(role))->isChecked();
        };
        clickChip("attention");
        QVERIFY(isDown("attention") && isDown("q") && isDown("o") && !isDown("mlp"));
        QTest::mouseClick(chips->chip(QStringLiteral("up")), Qt::LeftButton, Qt::ControlModifier);
        QVERIFY(isDown("attention") && isDown("up") && !isDown("mlp"));
        clickChip("q");
        QVERIFY(isDown("q") && !isDown("attention"));
        clickChip("q");
        QVERIFY(!isDown("q") && tree_->selectedTensors().isEmpty());
        QVERIFY(!chips->chip(QStringLiteral("head"))->isVisible());
    }

    void keys_lead_from_the_filter_over_one_chip_to_the_layers() {
        QLineEdit* filter = filterBox();
        auto* chips = panel_->findChild<RoleChips*>();
        filter->setFocus();
        QTest::keyClick(filter, Qt::Key_Tab);
        QVERIFY(chips->chip(QStringLiteral("attention"))->hasFocus());
        QTest::keyClick(QApplication::focusWidget(), Qt::Key_Right);
        QVERIFY(chips->chip(QStringLiteral("q"))->hasFocus());
        QTest::keyClick(QApplication::focusWidget(), Qt::Key_Tab);
        QVERIFY(tree_->hasFocus());
        QTest::keyClick(QApplication::focusWidget(), Qt::Key_Backtab);
        QVERIFY(chips->chip(QStringLiteral("q"))->hasFocus());
        filter->setFocus();
        QTest::keyClick(filter, Qt::Key_Down);
        QVERIFY(tree_->hasFocus());
        QVERIFY(tree_->currentIndex().isValid());
    }

    void fused_projections_have_chips_of_their_own() {
        const planish::Model model =
            planish::Model::open(planish::test::fixture("architectures/phi3").string());
        editor_->setModel(QStringLiteral("phi3"), model.tensors(), false);
        auto* chips = panel_->findChild<RoleChips*>();
        QVERIFY(chips->chip(QStringLiteral("gate_up"))->isVisible());
        QVERIFY(!chips->chip(QStringLiteral("q"))->isVisible());
        clickChip("qkv");
        QCOMPARE(tree_->selectedTensors().size(), 3);
        clickChip("mlp");
        QCOMPARE(tree_->selectedTensors().size(), 6);
    }

    void selected_groups_have_no_layers_that_a_filter_hides() {
        filterBox()->setText(QStringLiteral("mlp"));
        tree_->selectAll();
        QCOMPARE(tree_->selectedTensors().size(), 12);
    }

    void a_chip_clears_a_filter_that_hides_its_layers() {
        filterBox()->setText(QStringLiteral("attention"));
        clickChip("mlp");
        QCOMPARE(filterBox()->text(), QString());
        QCOMPARE(tree_->selectedTensors().size(), 12);
    }

    void what_was_open_is_open_again_after_filtering() {
        tree_->collapseAll();
        tree_->expand(tree_->model()->index(2, 0));
        filterBox()->setText(QStringLiteral("q"));
        QVERIFY(tree_->isExpanded(tree_->model()->index(0, 0)));
        filterBox()->clear();
        QVERIFY(!tree_->isExpanded(tree_->model()->index(1, 0)));
        QVERIFY(tree_->isExpanded(tree_->model()->index(2, 0)));
    }

    void a_preset_is_one_undoable_step() {
        QAction* preset = panel_->presetsMenu()->actions().front();
        preset->trigger();
        QCOMPARE(editor_->undoStack()->count(), 1);
        QVERIFY(editor_->undoStack()->undoText().contains(preset->text()));
        QCOMPARE(editor_->name(), preset->text());
    }

    void a_recipe_saved_and_loaded_is_the_same() {
        const QTemporaryDir folder;
        const QString path = folder.filePath(QStringLiteral("mine.json"));
        clickChip("mlp");
        editor_->setCodec({2, 3}, Codec::parse("int8:g64"));
        editor_->setName(QStringLiteral("my recipe"));
        const Recipe recipe = editor_->recipe();
        panel_->saveRecipe(path);
        editor_->undoStack()->setIndex(0);
        panel_->loadRecipe(path);
        QTRY_VERIFY(editor_->recipe() == recipe);
        QCOMPARE(editor_->undoStack()->undoText(), QStringLiteral("Load recipe \"my recipe\""));
    }

    void problems_with_recipe_files_stand_in_the_panel() {
        const QTemporaryDir folder;
        const QString path = folder.filePath(QStringLiteral("missing.json"));
        panel_->loadRecipe(path);
        QTRY_VERIFY(bar(NoticeBar::Kind::problem)->isVisible());
        QVERIFY(bar(NoticeBar::Kind::problem)->text().contains(QStringLiteral("missing.json")));
        panel_->saveRecipe(folder.filePath(QStringLiteral("no/such/folder/recipe.json")));
        QTRY_VERIFY(bar(NoticeBar::Kind::problem)->text().contains(QStringLiteral("recipe.json")));
    }

    void a_run_is_looked_at_read_only_until_it_is_closed_or_copied() {
        const Recipe recipe{"of a run", "bf16", {{"attention", "int8:g64"}, {"mlp", "int2:g64"}}};
        QSignalSpy copies(panel_.get(), &LayerPanel::editCopyRequested);
        tree_->setCurrentIndex(blockCodec(0));
        panel_->editCodecAction()->trigger();
        panel_->showReadOnly(recipe, QStringLiteral("run 7"));
        QVERIFY(panel_->isReadOnly());
        QVERIFY(!codecEditor());
        QVERIFY(bar(NoticeBar::Kind::information)->text().contains(QStringLiteral("run 7")));
        QCOMPARE(blockCodec(0).data().toString(), QStringLiteral("mixed"));
        QVERIFY(!sizeLine().startsWith(QStringLiteral("7.1x")));
        QTest::keyClick(tree_, Qt::Key_Return);
        QVERIFY(!codecEditor());
        QCOMPARE(countOf("int4:g64"), 28);

        const QList<QPushButton*> buttons = bar(NoticeBar::Kind::information)->findChildren<QPushButton*>();
        QTest::mouseClick(buttons.front(), Qt::LeftButton);
        QCOMPARE(copies.size(), 1);
        QVERIFY(copies.front().front().value<Recipe>().name == recipe.name);
        QVERIFY(!panel_->isReadOnly());
        QVERIFY(sizeLine().startsWith(QStringLiteral("7.1x")));
    }

    void a_run_can_stand_beside_the_recipe_being_edited() {
        const Recipe recipe{"of a run", "bf16", {{"attention", "int4:g64"}, {"mlp", "int2:g64"}}};
        QVERIFY(tree_->isColumnHidden(LayerTreeModel::otherColumn));
        panel_->showReadOnly(recipe, QStringLiteral("run 7"));
        QVERIFY(!tree_->isColumnHidden(LayerTreeModel::otherColumn));
        const auto beside = [&](int block) {
            return blockCodec(block).siblingAtColumn(LayerTreeModel::otherColumn).data().toString();
        };
        QVERIFY2(beside(0).startsWith(QStringLiteral("3 ")), qPrintable(beside(0)));
        NoticeBar* notice = bar(NoticeBar::Kind::information);
        QVERIFY2(notice->text().contains(QStringLiteral("12 ")), qPrintable(notice->text()));
        const QList<QPushButton*> buttons = notice->findChildren<QPushButton*>();
        QTest::mouseClick(buttons[1], Qt::LeftButton); // Compare
        QVERIFY(!panel_->isReadOnly() && notice->isVisible() && !buttons[0]->isVisible());
        QVERIFY(beside(0).startsWith(QStringLiteral("3 ")));
        clickChip("mlp");
        panel_->editCodecAction()->trigger();
        codecEditor()->setEditText(QStringLiteral("int2:g64"));
        QTest::keyClick(codecEditor(), Qt::Key_Return);
        QVERIFY(tree_->isColumnHidden(LayerTreeModel::otherColumn)); // now they are the same
        editor_->undoStack()->undo();
        QVERIFY(!tree_->isColumnHidden(LayerTreeModel::otherColumn));
        QTest::mouseClick(buttons[2], Qt::LeftButton); // Close
        QVERIFY(tree_->isColumnHidden(LayerTreeModel::otherColumn) && !notice->isVisible());
    }

    void the_mix_of_a_block_is_copied_and_pasted_onto_others() {
        editor_->setCodec({tensorOf(0, Role::down)}, Codec::parse("int6:g64"));
        editor_->setCodec({tensorOf(0, Role::value)}, Codec::parse("int8:g64"));
        const auto row = [&](int block) { return tree_->model()->index(1 + block, 0); };
        tree_->setFocus();
        selectRow(row(0));
        QTest::keyClick(tree_, Qt::Key_C, Qt::ControlModifier);
        QVERIFY(QApplication::clipboard()->text().contains(QStringLiteral("down int6:g64\n")));
        selectRow(row(2));
        tree_->selectionModel()->select(row(3), QItemSelectionModel::Select | QItemSelectionModel::Rows);
        QTest::keyClick(tree_, Qt::Key_V, Qt::ControlModifier);
        QCOMPARE(countOf("int6:g64"), 3);
        QCOMPARE(countOf("int8:g64"), 3);
        const auto codecOf = [&](int tensor) {
            return editor_->codecs()[static_cast<std::size_t>(tensor)].name();
        };
        QCOMPARE(codecOf(tensorOf(2, Role::down)), std::string("int6:g64"));
        QCOMPARE(codecOf(tensorOf(1, Role::down)), std::string("int4:g64"));
        QCOMPARE(editor_->undoStack()->undoText(), QStringLiteral("Paste codecs onto 14 tensors"));
        editor_->undoStack()->undo();
        QCOMPARE(countOf("int6:g64"), 1);
        QApplication::clipboard()->setText(QStringLiteral("a shopping list"));
        QTest::keyClick(tree_, Qt::Key_V, Qt::ControlModifier);
        QVERIFY(bar(NoticeBar::Kind::problem)->text().contains(QStringLiteral("Ctrl+C")));
        panel_->showReadOnly(editor_->recipe(), QStringLiteral("run 7"));
        QVERIFY(!panel_->carrier()->pasteAction()->isEnabled());
        QVERIFY(panel_->carrier()->copyAction()->isEnabled());
    }

    void control_d_fills_down_from_the_first_selected_row_or_the_one_above() {
        editor_->setCodec({tensorOf(0, Role::query)}, Codec::parse("int8:g64"));
        clickChip("q");
        tree_->setFocus();
        QTest::keyClick(tree_, Qt::Key_D, Qt::ControlModifier);
        QCOMPARE(countOf("int8:g64"), 4);
        QVERIFY2(editor_->undoStack()->undoText().endsWith(QStringLiteral("with int8:g64")),
                 qPrintable(editor_->undoStack()->undoText()));
        editor_->undoStack()->undo();
        tree_->collapseAll();
        selectRow(tree_->model()->index(2, 0)); // block 1, below the mixed block 0
        QTest::keyClick(tree_, Qt::Key_D, Qt::ControlModifier);
        QCOMPARE(countOf("int8:g64"), 2);
        QCOMPARE(editor_->codecs()[static_cast<std::size_t>(tensorOf(1, Role::query))].name(),
                 std::string("int8:g64"));
    }

    void dragging_the_corner_of_a_codec_cell_fills_the_rows_it_passes() {
        tree_->collapseAll();
        editor_->setCodec({tensorOf(1, Role::up)}, Codec::parse("int2:g64"));
        selectRow(blockCodec(1));
        QWidget* viewport = tree_->viewport();
        const QPoint corner = tree_->visualRect(blockCodec(1)).bottomRight() - QPoint(3, 3);
        QTest::mousePress(viewport, Qt::LeftButton, {}, corner);
        QTest::mouseMove(viewport, tree_->visualRect(blockCodec(2)).center());
        QTest::mouseMove(viewport, tree_->visualRect(blockCodec(3)).center());
        QTest::mouseRelease(viewport, Qt::LeftButton, {}, tree_->visualRect(blockCodec(3)).center());
        QVERIFY(!codecEditor());
        QCOMPARE(countOf("int2:g64"), 3); // of the same role in blocks 1 to 3
        QCOMPARE(editor_->codecs()[static_cast<std::size_t>(tensorOf(0, Role::up))].name(),
                 std::string("int4:g64"));
        editor_->undoStack()->undo();
        QCOMPARE(countOf("int2:g64"), 1);
    }

    void a_recipe_of_another_model_is_reported_only() {
        const Recipe recipe{"other", "bf16", {{"model.layers.77.mlp.up_proj", "int2:g64"}}};
        panel_->showReadOnly(recipe, QStringLiteral("run 8"));
        QVERIFY(!panel_->isReadOnly());
        QVERIFY(bar(NoticeBar::Kind::problem)->text().contains(QStringLiteral("run 8")));
    }

    void a_name_typed_in_names_the_recipe() {
        for (QLineEdit* edit : panel_->findChildren<QLineEdit*>()) {
            if (edit->accessibleName() == QStringLiteral("Recipe name")) {
                edit->setFocus();
                edit->selectAll();
                QTest::keyClicks(edit, QStringLiteral("all four"));
                QTest::keyClick(edit, Qt::Key_Return);
            }
        }
        QCOMPARE(editor_->name(), QStringLiteral("all four"));
        QCOMPARE(editor_->undoStack()->count(), 1);
    }

    void everything_a_person_clicks_has_an_accessible_name() {
        for (const QAbstractButton* button : panel_->findChildren<QAbstractButton*>()) {
            if (button->isVisible() && button->focusPolicy() != Qt::NoFocus) {
                QVERIFY(!button->accessibleName().isEmpty() || !button->text().isEmpty());
            }
        }
        QVERIFY(!tree_->accessibleName().isEmpty());
    }
};

QTEST_MAIN(TestLayerPanel)
#include "tst_layer_panel.moc"
