// SPDX-License-Identifier: GPL-3.0-or-later
#include "dialogs/sweep_designer.h"
#include "program_fixture.h"
#include "run_fixtures.h"
#include "test_support.h"
#include "views/notice_bar.h"

#include <QComboBox>
#include <QLabel>
#include <QLineEdit>
#include <QListWidget>
#include <QPushButton>
#include <QSignalSpy>

using namespace planish;

namespace {

SweepDesigner::Subject subject() {
    SweepDesigner::Subject subject;
    subject.spec.name = "sweep";
    subject.spec.models = {"folio-4m"};
    subject.spec.corpora = {"docs"};
    subject.spec.evaluation.context = 128;
    subject.spec.evaluation.windows = 2;
    subject.blocks = 4;
    return subject;
}

QPushButton* button(QWidget& dialog, const QString& text) {
    for (QPushButton* candidate : dialog.findChildren<QPushButton*>()) {
        if (candidate->text() == text) {
            return candidate;
        }
    }
    return nullptr;
}

} // namespace

class TestSweepDesigner : public QObject {
    Q_OBJECT

  private slots:
    void the_list_follows_codecs_and_method();
    void mistakes_are_told_and_nothing_can_be_started();
    void what_it_takes_is_told_before_the_start();
    void a_saved_sweep_is_what_the_command_line_runs();
    void a_designed_sweep_runs_from_the_menu();
};

void TestSweepDesigner::the_list_follows_codecs_and_method() {
    SweepDesigner designer(subject());
    designer.show();
    auto* list = designer.findChild<QListWidget*>();
    QTRY_COMPARE(list->count(), 4); // two codecs for attention, two for MLP
    QLineEdit* attention = designer.findChild<QLineEdit*>(QStringLiteral("attention"));
    attention->setFocus();
    QTest::keyClick(attention, Qt::Key_End);
    QTest::keyClicks(attention, QStringLiteral(", int8:g64"));
    QTRY_COMPARE(list->count(), 6);
    designer.findChild<QComboBox*>()->setCurrentIndex(1);
    QTRY_COMPARE(list->count(), 20);
    QVERIFY(list->item(0)->text().startsWith(QStringLiteral("random mix")));
    designer.findChild<QComboBox*>()->setCurrentIndex(2); // no runs to start from
    QTRY_COMPARE(list->count(), 0);
    QTRY_VERIFY(designer.findChild<NoticeBar*>()->isVisible());
}

void TestSweepDesigner::mistakes_are_told_and_nothing_can_be_started() {
    SweepDesigner designer(subject());
    designer.show();
    QPushButton* start = button(designer, QStringLiteral("Put into the &queue"));
    QTRY_VERIFY(start->isEnabled());
    designer.findChild<QLineEdit*>(QStringLiteral("attention"))->setText(QStringLiteral("itn4:g64"));
    QVERIFY(!start->isEnabled());
    QTRY_VERIFY(designer.findChild<NoticeBar*>()->text().contains(QStringLiteral("itn4")));
    QVERIFY(!start->isEnabled());
    designer.findChild<QLineEdit*>(QStringLiteral("attention"))->setText(QStringLiteral("int4:g64"));
    QTRY_VERIFY(start->isEnabled() && !designer.findChild<NoticeBar*>()->isVisible());
}

void TestSweepDesigner::what_it_takes_is_told_before_the_start() {
    SweepDesigner designer(subject());
    designer.show();
    auto* label = designer.findChild<QLabel*>(QStringLiteral("sweepEstimate"));
    QTRY_VERIFY(label->text().startsWith(QStringLiteral("4 run(s)")));
    QTRY_VERIFY2_WITH_TIMEOUT(label->text().contains(QStringLiteral("on disk")), qPrintable(label->text()),
                              test::patience);
}

void TestSweepDesigner::a_saved_sweep_is_what_the_command_line_runs() {
    const QTemporaryDir folder;
    SweepDesigner designer(subject());
    const QString path = folder.filePath(QStringLiteral("mine.json"));
    QTRY_VERIFY(designer.spec() != nullptr);
    designer.save(path);
    const SweepSpec saved = SweepSpec::fromFile(path.toStdString());
    QCOMPARE(saved.recipes.size(), std::size_t{4});
    QCOMPARE(saved.evaluation.windows, std::size_t{2});
    QCOMPARE(saved.name, std::string("mine"));
    SweepDesigner other(subject());
    other.findChild<QLineEdit*>(QStringLiteral("attention"))->setText(QStringLiteral("bf16"));
    QTRY_VERIFY(other.spec() != nullptr && other.spec()->recipes.size() == 2);
    other.load(path);
    QTRY_VERIFY(other.spec()->recipes == saved.recipes);
    test::writeFile(path.toStdString(), "{}");
    other.load(path);
    QTRY_VERIFY(other.findChild<NoticeBar*>()->text().contains(QStringLiteral("mine.json")));
    QVERIFY(other.spec()->recipes == saved.recipes); // as before
}

void TestSweepDesigner::a_designed_sweep_runs_from_the_menu() {
    test::Program program;
    program.start();
    QTest::keyClick(program.window.get(), Qt::Key_R, Qt::ControlModifier | Qt::ShiftModifier);
    auto* designer = program.window->findChild<SweepDesigner*>();
    QVERIFY(designer != nullptr && designer->isVisible());
    QSignalSpy started(designer, &SweepDesigner::startRequested);
    QTRY_VERIFY(button(*designer, QStringLiteral("Put into the &queue"))->isEnabled());
    QTest::mouseClick(button(*designer, QStringLiteral("Put into the &queue")), Qt::LeftButton);
    QCOMPARE(started.size(), 1);
    QTRY_COMPARE(program.workbench->queue().jobs().size(), std::size_t{4});
    QCOMPARE(program.workbench->queue().jobs()[0].title.left(9), QStringLiteral("attention"));
    program.workbench->queue().cancelAll();
    program.waitForJobs();
}

QTEST_MAIN(TestSweepDesigner)
#include "tst_sweep_designer.moc"
