// SPDX-License-Identifier: GPL-3.0-or-later
#include "codec/codec_parts.h"
#include "dialogs/codec_dialog.h"
#include "models/codec_choices.h"
#include "models/cost_table.h"
#include "models/recipe_text.h"
#include "test_support.h"
#include "ui/layer_fixture.h"
#include "views/correction_row.h"
#include "views/layer_panel.h"
#include "views/layer_tree_view.h"
#include "views/member_note.h"
#include "views/notice_bar.h"

#include <QAction>
#include <QCheckBox>
#include <QComboBox>
#include <QDoubleSpinBox>
#include <QLabel>
#include <QLineEdit>
#include <QLocale>
#include <QMenu>
#include <QPushButton>
#include <QStandardItemModel>
#include <QTest>
#include <QToolButton>
#include <memory>

using namespace planish;
using namespace planish::test;

class TestCodecDialog : public QObject {
    Q_OBJECT

    std::unique_ptr<CodecDialog> dialog_;

    static TensorInfo tensor(Role role) {
        return layerTensors(1)[static_cast<std::size_t>(tensorOf(0, role))];
    }
    void open(const char* codec, Role role = Role::up) {
        dialog_ = std::make_unique<CodecDialog>(CodecTargets{
            QStringLiteral("tensor"), QString::fromUtf8(codec), {tensor(role)}, 100000, role == Role::norm});
        dialog_->show();
    }
    template <typename Widget>
    Widget* control(const char* accessibleName) const {
        QCoreApplication::processEvents(); // controls that have just been made are shown
        for (Widget* widget : dialog_->findChildren<Widget*>()) {
            if (widget->accessibleName() == QString::fromUtf8(accessibleName) &&
                widget->isVisibleTo(dialog_.get())) {
                return widget;
            }
        }
        return nullptr;
    }
    /// As a click on the row whose text contains `text` does.
    void choose(const char* list, const char* text) const {
        auto* combo = control<QComboBox>(list);
        QVERIFY2(combo, list);
        const int row = combo->findText(QString::fromUtf8(text), Qt::MatchContains);
        QVERIFY2(row >= 0, text);
        combo->setCurrentIndex(row);
        emit combo->activated(row);
    }
    bool canChoose(const char* list, const char* text) const {
        const auto* combo = control<QComboBox>(list);
        const auto* model = static_cast<QStandardItemModel*>(combo->model());
        const QStandardItem* item = model->item(combo->findText(QString::fromUtf8(text), Qt::MatchContains));
        return item->isEnabled() && item->toolTip().isEmpty();
    }
    QAction* correction(const char* name) const {
        for (QAction* action : dialog_->findChild<QMenu*>()->actions()) {
            if (action->text().contains(QString::fromUtf8(name))) {
                return action;
            }
        }
        return nullptr;
    }
    QString text() const { return control<QLineEdit>("Codec")->text(); }
    QString cost() const { return dialog_->findChild<QLabel*>(QStringLiteral("codecCost"))->text(); }
    QPushButton* apply() const {
        for (QPushButton* button : dialog_->findChildren<QPushButton*>()) {
            if (button->text() == QStringLiteral("Apply")) {
                return button;
            }
        }
        return nullptr;
    }
    QString notes() const {
        QString all;
        for (const MemberNote* note : dialog_->findChildren<MemberNote*>()) {
            all += note->isVisibleTo(dialog_.get()) ? note->text() : QString();
        }
        return all;
    }

  private slots:
    void initTestCase() { QLocale::setDefault(QLocale(QLocale::English, QLocale::UnitedStates)); }
    void cleanup() { dialog_.reset(); }

    void a_codec_is_shown_as_its_four_choices() {
        open("int3:g64+rht+mse+outliers=0.5%");
        QVERIFY(control<QComboBox>("Format")->currentText().contains(QStringLiteral("intB")));
        QCOMPARE(control<QComboBox>("Bits")->currentText(), QStringLiteral("3"));
        QCOMPARE(control<QComboBox>("Group")->currentText(), QStringLiteral("g64"));
        QVERIFY(control<QComboBox>("Transform")->currentText().contains(QStringLiteral("+rht")));
        QVERIFY(control<QComboBox>("Rounding")->currentText().contains(QStringLiteral("+mse")));
        QCOMPARE(control<QDoubleSpinBox>("+outliers=P%")->value(), 0.5);
        QCOMPARE(dialog_->codec(), QStringLiteral("int3:g64+rht+mse+outliers=0.5%"));
    }

    void each_choice_explains_itself_and_names_its_source() {
        open("int3:g64+rht+mse+outliers=0.5%");
        for (const CodecMember& member : codecMembers()) {
            if (member.name == "intB" || member.name == "+rht" || member.name == "+mse" ||
                member.name == "+outliers=P%") {
                QVERIFY2(notes().contains(fromUtf8(member.summary)), member.name.c_str());
                QVERIFY2(notes().contains(fromUtf8(member.reference)), member.name.c_str());
            }
        }
        QVERIFY(notes().contains(QStringLiteral("calibration")));
    }

    void a_choice_changes_the_string_and_the_exact_cost_at_once() {
        open("int4:g64");
        QVERIFY2(cost().startsWith(QStringLiteral("4.5000 bits per weight")), qPrintable(cost()));
        QVERIFY(cost().contains(fromUtf8("97.7 KiB → 108 KiB")));
        choose("Bits", "3");
        choose("Group", "g128");
        choose("Rounding", "+refine");
        QCOMPARE(text(), QStringLiteral("int3:g128+refine"));
        const double bits = bitsPerWeight(Codec::parse("int3:g128+refine"), std::vector{tensor(Role::up)});
        QVERIFY(cost().startsWith(QLocale().toString(bits, 'f', 4)));
        choose("Format", "nfB");
        QCOMPARE(text(), QStringLiteral("nf3:g128+refine"));
        QTest::mouseClick(apply(), Qt::LeftButton);
        QCOMPARE(dialog_->result(), int(QDialog::Accepted));
        QCOMPARE(dialog_->codec(), QStringLiteral("nf3:g128+refine"));
    }

    void fields_are_there_only_when_the_format_has_them() {
        open("int4:g64");
        QVERIFY(control<QCheckBox>("Symmetric"));
        control<QCheckBox>("Symmetric")->click();
        QCOMPARE(text(), QStringLiteral("int4:sym:g64"));
        choose("Scales", "int8");
        QCOMPARE(text(), QStringLiteral("int4:sym:g64:scale=int8"));
        choose("Format", "nfB");
        QVERIFY(!control<QCheckBox>("Symmetric"));
        QCOMPARE(text(), QStringLiteral("nf4:g64:scale=int8"));
        choose("Format", "bf16");
        QVERIFY(!control<QComboBox>("Bits"));
        QVERIFY(!control<QComboBox>("Group"));
        QCOMPARE(text(), QStringLiteral("bf16"));
    }

    void rates_between_whole_bits_are_offered_where_there_are_any() {
        open("trellis3.18:L12+rht:both+gptq");
        auto* bits = control<QComboBox>("Bits");
        QCOMPARE(bits->currentText(), QStringLiteral("3.18"));
        QVERIFY(bits->findText(QStringLiteral("3.25")) >= 0);
        choose("Bits", "3.5");
        choose("State bits", "L16");
        QCOMPARE(text(), QStringLiteral("trellis3.5:L16+rht:both+gptq"));
        choose("Format", "ecB");
        QCOMPARE(text(), QStringLiteral("ec3.5+rht:both+gptq"));
        control<QCheckBox>("Outputs too")->click();
        QCOMPARE(text(), QStringLiteral("ec3.5+rht+gptq"));
        choose("Format", "intB");
        QCOMPARE(control<QComboBox>("Bits")->findText(QStringLiteral("3.25")), -1);
    }

    void options_of_stages_say_what_they_do() {
        open("int3:g128+gptq");
        control<QCheckBox>("Large inputs first")->click();
        QCOMPARE(text(), QStringLiteral("int3:g128+gptq:order"));
        choose("Groups by", "minmax");
        QCOMPARE(text(), QStringLiteral("int3:g128+gptq:minmax:order"));
        choose("Transform", "+awq");
        control<QCheckBox>("Scales in the norm before")->click();
        QCOMPARE(text(), QStringLiteral("int3:g128+awq:folded+gptq:minmax:order"));
    }

    void scales_in_the_norm_before_cost_what_has_no_norm_before_its_own() {
        open("int4:g128+awq:folded", Role::up);
        QVERIFY2(cost().startsWith(QStringLiteral("4.2500")), qPrintable(cost()));
        open("int4:g128+awq:folded", Role::output); // 16 ÷ 256 rows
        QVERIFY2(cost().startsWith(QStringLiteral("4.3125")), qPrintable(cost()));
    }

    void what_does_not_fit_cannot_be_chosen_and_says_why() {
        open("int4:g64");
        QVERIFY(canChoose("Rounding", "+mse"));
        choose("Format", "bf16");
        QVERIFY(!canChoose("Rounding", "+mse"));
        QVERIFY(!canChoose("Transform", "+rht"));
        QVERIFY(!correction("+outliers")->isEnabled());
        QVERIFY(correction("+outliers")->toolTip().contains(QStringLiteral("bf16")));
        open("bf16", Role::norm);
        QVERIFY(!canChoose("Format", "intB"));
        QVERIFY(canChoose("Format", "fp16"));
    }

    void a_typed_codec_sets_the_fields_and_mistakes_are_shown() {
        open("int4:g64");
        auto* edit = control<QLineEdit>("Codec");
        edit->setFocus();
        edit->selectAll();
        QTest::keyClicks(edit, QStringLiteral("nf3:g32+ms"));
        auto* error = dialog_->findChild<NoticeBar*>();
        QVERIFY(error->isVisibleTo(dialog_.get()));
        QVERIFY(error->text().contains(QStringLiteral("+ms")));
        QVERIFY(!apply()->isEnabled());
        QVERIFY(dialog_->codec().isEmpty());
        QTest::keyClicks(edit, QStringLiteral("e"));
        QVERIFY(!error->isVisibleTo(dialog_.get()));
        QVERIFY(apply()->isEnabled());
        QVERIFY(control<QComboBox>("Format")->currentText().contains(QStringLiteral("nfB")));
        QCOMPARE(control<QComboBox>("Group")->currentText(), QStringLiteral("g32"));
        QCOMPARE(edit->text(), QStringLiteral("nf3:g32+mse"));
    }

    void corrections_are_added_edited_and_removed() {
        open("int4:g64");
        correction("+outliers")->trigger();
        QCOMPARE(text(), QStringLiteral("int4:g64+outliers=0.5%"));
        QVERIFY(!correction("+outliers")->isEnabled());
        control<QDoubleSpinBox>("+outliers=P%")->setValue(2.25);
        QCOMPARE(text(), QStringLiteral("int4:g64+outliers=2.25%"));
        correction("+res")->trigger();
        auto* nested = control<QLineEdit>("Codec of +res=CODEC");
        QVERIFY(nested);
        nested->setFocus();
        nested->selectAll();
        QTest::keyClicks(nested, QStringLiteral("int2:g32+"));
        QVERIFY(!apply()->isEnabled());
        QTest::keyClicks(nested, QStringLiteral("mse"));
        QVERIFY(apply()->isEnabled());
        QCOMPARE(text(), QStringLiteral("int4:g64+outliers=2.25%+res=(int2:g32+mse)"));
        QTest::mouseClick(control<QToolButton>("Remove Sparse outliers"), Qt::LeftButton);
        QCOMPARE(text(), QStringLiteral("int4:g64+res=(int2:g32+mse)"));
    }

    void a_nested_codec_has_an_editor_of_its_own() {
        open("int4:g64+res=int2:g64");
        QTest::mouseClick(control<QToolButton>("Compose the codec of +res=CODEC"), Qt::LeftButton);
        auto* nested = dialog_->findChild<CodecDialog*>();
        QVERIFY(nested);
        QCOMPARE(nested->codec(), QStringLiteral("int2:g64"));
        auto* edit = nested->findChild<QLineEdit*>();
        edit->selectAll();
        QTest::keyClicks(edit, QStringLiteral("nf2:g16"));
        nested->accept();
        QCOMPARE(text(), QStringLiteral("int4:g64+res=nf2:g16"));
    }

    void every_example_of_the_tables_opens_and_stays_as_it_is() {
        open("int4:g64");
        auto* edit = control<QLineEdit>("Codec");
        for (const CodecMember& member : codecMembers()) {
            for (const std::string& example : member.examples) {
                edit->setText(fromUtf8(example));
                emit edit->textEdited(edit->text());
                QCOMPARE(dialog_->codec(), fromUtf8(Codec::parse(example).name()));
            }
        }
    }

    void every_control_has_an_accessible_name() {
        open("int4:g64+mse+outliers=1%+res=int2:g64");
        for (const QWidget* widget : dialog_->findChildren<QWidget*>()) {
            const bool isControl =
                qobject_cast<const QComboBox*>(widget) || qobject_cast<const QLineEdit*>(widget) ||
                qobject_cast<const QAbstractSpinBox*>(widget) || qobject_cast<const QToolButton*>(widget);
            const bool isPart = qobject_cast<const QAbstractSpinBox*>(widget->parent()) ||
                                qobject_cast<const QComboBox*>(widget->parent());
            if (isControl && !isPart && widget->isVisibleTo(dialog_.get())) {
                QVERIFY2(!widget->accessibleName().isEmpty(), widget->metaObject()->className());
            }
        }
    }

    void the_panel_opens_it_for_the_selected_layers_and_applying_is_one_undoable_step() {
        RecipeEditor editor;
        CostTable costs(&editor);
        LayerPanel panel(&editor, &costs);
        editor.setModel(QStringLiteral("model"), layerTensors(2), true);
        panel.resize(800, 900);
        panel.show();
        QVERIFY(!panel.composeCodecAction()->isEnabled());
        auto* tree = panel.findChild<LayerTreeView*>();
        tree->selectTensors({tensorOf(0, Role::gate), tensorOf(1, Role::gate)});
        QVERIFY(panel.composeCodecAction()->isEnabled());
        panel.composeCodecAction()->trigger();
        auto* dialog = panel.findChild<CodecDialog*>();
        QVERIFY(dialog);
        QVERIFY(dialog->windowTitle().contains(QStringLiteral("2")));
        auto* edit = dialog->findChild<QLineEdit*>();
        edit->selectAll();
        QTest::keyClicks(edit, QStringLiteral("int2:g64+mse"));
        dialog->accept();
        const auto codecOf = [&](int block) {
            return editor.codecs()[static_cast<std::size_t>(tensorOf(block, Role::gate))].name();
        };
        QCOMPARE(codecOf(0), "int2:g64+mse");
        QCOMPARE(codecOf(1), "int2:g64+mse");
        QCOMPARE(editor.undoStack()->count(), 1);
        editor.undoStack()->undo();
        QCOMPARE(codecOf(1), "int4:g64");
    }

    void the_quick_list_ends_with_composing() {
        RecipeEditor editor;
        CostTable costs(&editor);
        LayerPanel panel(&editor, &costs);
        editor.setModel(QStringLiteral("model"), layerTensors(2), true);
        panel.resize(800, 900);
        panel.show();
        auto* tree = panel.findChild<LayerTreeView*>();
        tree->selectTensors({tensorOf(1, Role::up)});
        panel.editCodecAction()->trigger();
        auto* list = tree->viewport()->findChild<QComboBox*>();
        QVERIFY(list);
        list->setCurrentIndex(list->count() - 1);
        emit list->activated(list->count() - 1);
        QVERIFY(panel.findChild<CodecDialog*>());
        QCOMPARE(editor.undoStack()->count(), 0);
    }
};

QTEST_MAIN(TestCodecDialog)
#include "tst_codec_dialog.moc"
