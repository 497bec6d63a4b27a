// SPDX-License-Identifier: GPL-3.0-or-later
#include "plots/loss_plot.h"
#include "run_fixtures.h"
#include "views/notice_bar.h"
#include "views/run_details.h"

#include <QApplication>
#include <QClipboard>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QTabWidget>
#include <QTableView>
#include <QTest>
#include <QTreeWidget>

using namespace planish;
using planish::test::makeRun;

class TestRunDetails : public QObject {
    Q_OBJECT

  private slots:
    void the_selected_run_is_shown_in_full() {
        RunCollection runs;
        RunSelection selection;
        RunRecord run = makeRun("warned", 4, 1);
        run.warnings = {"Too little text."};
        run.command = "planish-cli run something";
        run.tensors.front().proxyLoss = 0.0125;
        runs.setRuns({makeRun("other", 5, 1), run});
        RunDetails details(runs, selection);
        details.show();
        auto* values = details.findChild<QTreeWidget*>();
        QVERIFY(!values->isVisible());
        selection.select({"id-warned"});
        QVERIFY(values->isVisible());
        QVERIFY(!values->findItems(QStringLiteral("Calibration text"), Qt::MatchExactly).isEmpty());
        QCOMPARE(values->findItems(QStringLiteral("PPL"), Qt::MatchExactly).front()->text(1),
                 QStringLiteral("20.20"));
        QCOMPARE(details.findChild<NoticeBar*>()->text(), QStringLiteral("Too little text."));
        const auto* tensors = details.findChild<QTableView*>()->model();
        QCOMPARE(tensors->index(0, 1).data().toString(), QStringLiteral("int4:g16"));
        QCOMPARE(tensors->index(0, 5).data().toString(), QStringLiteral("0.01250"));
        QCOMPARE(tensors->index(0, 6).data().toString(), QStringLiteral("–"));
        QVERIFY(details.findChild<QPlainTextEdit*>()->toPlainText().contains(QStringLiteral("bf16")));
        details.findChild<QPushButton*>()->click();
        QCOMPARE(QApplication::clipboard()->text(), QStringLiteral("planish-cli run something"));
        selection.select({"id-other"});
        QVERIFY(!details.findChild<NoticeBar*>()->isVisible());
        selection.clear();
        QVERIFY(!values->isVisible());
    }

    void a_trained_run_shows_how_its_divergence_went() {
        RunCollection runs;
        RunSelection selection;
        RunRecord run = makeRun("trained", 4, 1);
        run.trainingTokens = 4000;
        run.trainingLoss = {0.5, 0.25, 0.75, 0.125};
        runs.setRuns({makeRun("other", 5, 1), run});
        RunDetails details(runs, selection);
        auto* plot = details.findChild<LossPlot*>();
        const auto* tabs = details.findChild<QTabWidget*>();
        selection.select({"id-other"});
        QVERIFY(!tabs->isTabVisible(tabs->indexOf(plot)));
        selection.select({"id-trained"});
        QVERIFY(tabs->isTabVisible(tabs->indexOf(plot)));
        QCOMPARE(plot->graph(0)->dataCount(), 4);
        QCOMPARE(plot->graph(0)->dataMainKey(3), 4.0); // thousand tokens
        QCOMPARE(plot->graph(0)->dataMainValue(2), 0.75);
        QCOMPARE(plot->graph(1)->dataMainValue(0), 0.375);
        QVERIFY(plot->yAxis->range().contains(0.75));
    }
};

QTEST_MAIN(TestRunDetails)
#include "tst_run_details.moc"
