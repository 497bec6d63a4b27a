// SPDX-License-Identifier: GPL-3.0-or-later
#include "dialogs/export_dialog.h"
#include "jobs/export_job.h"
#include "jobs/job_queue.h"
#include "model/model.h"
#include "test_support.h"

#include <QComboBox>
#include <QDialogButtonBox>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QTemporaryDir>
#include <QTest>

using namespace planish;

class ExportDialogTest : public QObject {
    Q_OBJECT

    static RunSpec spec(const Recipe& recipe) { return {"folio-4m", recipe, "docs", {}, 0, {}}; }

    static QString shown(const ExportDialog& dialog) {
        for (const QLabel* label : dialog.findChildren<QLabel*>()) {
            if (label->accessibleName() == "What will be written") {
                return label->text();
            }
        }
        return {};
    }

    static QPushButton* accept(const ExportDialog& dialog) {
        return dialog.findChild<QDialogButtonBox*>()->button(QDialogButtonBox::Ok);
    }

    static QComboBox* format(const ExportDialog& dialog) { return dialog.findChildren<QComboBox*>().front(); }

  private slots:
    void size_and_what_is_exact_are_shown_before_anything_is_packed() {
        ExportDialog dialog(spec(Recipe::uniform("Q4_K")));
        QTRY_VERIFY(shown(dialog).contains("all 38 tensors hold exactly what was measured"));
        QVERIFY(shown(dialog).contains("MiB of tensors"));
        QVERIFY(accept(dialog)->isEnabled());
        format(dialog)->setCurrentIndex(format(dialog)->findText("Hugging Face", Qt::MatchStartsWith));
        QTRY_VERIFY(shown(dialog).contains("28 tensors in Q4_K become fp16, which is not exact"));
        dialog.findChild<QLineEdit*>()->clear();
        QVERIFY(!accept(dialog)->isEnabled());
    }

    void what_cannot_be_written_is_said_and_not_offered() {
        ExportDialog dialog(spec(Recipe::uniform("int3:g64")));
        QTRY_VERIFY(shown(dialog).contains("28 tensors in int3:g64 become fp16"));
        QComboBox* others = dialog.findChildren<QComboBox*>()[1];
        others->setCurrentIndex(2);
        QTRY_VERIFY(shown(dialog).contains("self_attn.q_proj: expected a GGUF block type"));
        QVERIFY(!accept(dialog)->isEnabled());
    }

    void what_can_be_chosen_depends_on_the_kind_of_file() {
        ExportDialog dialog(spec(Recipe::uniform("int4:sym:g128")));
        const auto boxes = dialog.findChildren<QComboBox*>();
        const auto choose = [&](const char* title) {
            format(dialog)->setCurrentIndex(format(dialog)->findText(title, Qt::MatchStartsWith));
        };
        choose("compressed-tensors");
        QTRY_VERIFY(shown(dialog).contains("28 of 38 tensors hold exactly what was measured"));
        QVERIFY(boxes[1]->isEnabled() && boxes[2]->isEnabled());
        boxes[2]->setCurrentText("bf16");
        QTRY_VERIFY(shown(dialog).contains(
            "none that go over as whole numbers: scales in fp16, the model's numbers in bf16"));
        QVERIFY(!accept(dialog)->isEnabled());
        choose("GPTQ");
        QTRY_VERIFY(shown(dialog).contains("28 of 38 tensors hold exactly what was measured"));
        QVERIFY(!boxes[2]->isEnabled());
        QCOMPARE(dialog.settings().floats, std::string("fp16"));
    }

    void the_queued_job_writes_a_file_that_opens() {
        QTemporaryDir folder;
        JobQueue queue;
        QString message;
        ExportSettings settings;
        settings.folder = folder.path().toStdString() + "/out";
        queueExport(queue, spec(Recipe::uniform("Q4_0")), settings,
                    [&](const QString& text) { message = text; });
        QTRY_VERIFY_WITH_TIMEOUT(message.contains("all 38 tensors"), 60'000);
        const Model model = Model::open((settings.folder / "folio-4m.gguf").string());
        QCOMPARE(model.tensor("model.layers.0.mlp.up_proj").type, std::string("Q4_0"));
    }
};

QTEST_MAIN(ExportDialogTest)
#include "tst_export_dialog.moc"
