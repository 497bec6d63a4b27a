// SPDX-License-Identifier: GPL-3.0-or-later
#include "cli_process.h"
#include "store/results_document.h"

#include <QElapsedTimer>
#include <QTemporaryDir>
#include <QTest>
#include <csignal>
#include <map>
#include <random>

using namespace planish;
using namespace planish::test;

/// A sweep that is killed or interrupted at any moment goes on where it was, and ends bit-identical to one
/// that was not.
class CliSweepTest : public QObject {
    Q_OBJECT

    QString path(const QString& name) const { return folder_.filePath(name); }

    QStringList call(const QString& store) const {
        return {"sweep", path("sweep.json"), "--store", path(store), "--threads", "2"};
    }

    std::map<std::string, std::vector<double>> recorded(const QString& store) const {
        std::map<std::string, std::vector<double>> result;
        for (const RunRecord& run : ResultsDocument(path(store).toStdString()).read()) {
            std::vector<double> numbers = run.windowNll;
            numbers.insert(numbers.end(),
                           {run.nllSum, run.baselineNllSum, run.kldMean, run.kldP99, run.bitsPerWeight});
            result[run.id] = numbers;
        }
        return result;
    }

  private slots:
    void initTestCase() {
        writeFile(path("sweep.json").toStdString(), R"({"schema": "planish.sweep/1", "name": "kill me",
            "models": "folio-4m", "texts": "docs", "context": 128, "windows": 6,
            "codecs": ["int8:g64", "int6:g64", "int5:g64", "int4:g32", "int4:g64", "int3:g32", "int3:g64", "int2:g32"]})");
        const CliResult whole = cli(call("whole.h5"));
        QCOMPARE(whole.status, 0);
        expected_ = recorded("whole.h5");
        QCOMPARE(expected_.size(), std::size_t{8});
    }

    void killed_sweeps_resume_bit_identically() {
        std::mt19937 random(11);
        int kills = 0;
        for (int round = 0; round < 6; ++round) {
            const QString store = QString("killed-%1.h5").arg(round);
            for (int attempt = 0; attempt < 3; ++attempt) {
                QProcess process;
                process.start(QString::fromStdString(binary("planish-cli").string()), call(store));
                QVERIFY(process.waitForStarted());
                if (!process.waitForFinished(static_cast<int>(random() % 1500))) {
                    process.kill();
                    process.waitForFinished();
                    ++kills;
                }
            }
            QCOMPARE(cli(call(store)).status, 0);
            QCOMPARE(recorded(store), expected_);
        }
        QVERIFY2(kills > 0, "every sweep ended before it could be killed");
    }

    void an_interrupt_ends_with_130_within_a_second_and_keeps_what_finished() {
        QProcess process;
        process.start(QString::fromStdString(binary("planish-cli").string()), call("interrupted.h5"));
        QVERIFY(process.waitForStarted());
        // The first finished run is announced on stderr.
        QByteArray seen;
        while (!seen.contains("bits/weight") && process.waitForReadyRead(60'000)) {
            seen += process.readAllStandardError();
        }
        ::kill(static_cast<pid_t>(process.processId()), SIGINT);
        QElapsedTimer timer;
        timer.start();
        QVERIFY(process.waitForFinished(10'000));
        qInfo("stopped after %lld ms", timer.elapsed());
        if (process.exitCode() != 0) { // it may have been done already
            QCOMPARE(process.exitCode(), 130);
        }
        QVERIFY(!recorded("interrupted.h5").empty());
        QCOMPARE(cli(call("interrupted.h5")).status, 0);
        QCOMPARE(recorded("interrupted.h5"), expected_);
    }

    void a_finished_sweep_repeats_nothing() {
        const CliResult again = cli(call("whole.h5") + QStringList{"--json"});
        QCOMPARE(again.json()["runs"].size(), std::size_t{8});
        QVERIFY(!again.err.contains("ΔPPL"));
    }

    void a_sweep_with_a_failing_run_ends_with_one_and_names_it() {
        writeFile(path("bad.json").toStdString(),
                  R"({"schema": "planish.sweep/1", "models": ["no-such-model", "folio-4m"],
            "texts": "docs", "context": 64, "windows": 2, "codecs": "int4:g64"})");
        const CliResult result = cli({"sweep", path("bad.json"), "--store", path("bad.h5"), "--json"});
        QCOMPARE(result.status, 1);
        QCOMPARE(result.json()["failed"].size(), std::size_t{1});
        QCOMPARE(result.json()["runs"].size(), std::size_t{1});
        QVERIFY(result.err.contains("no-such-model"));
    }

  private:
    QTemporaryDir folder_;
    std::map<std::string, std::vector<double>> expected_;
};

QTEST_GUILESS_MAIN(CliSweepTest)
#include "tst_cli_sweep.moc"
