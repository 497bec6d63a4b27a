// SPDX-License-Identifier: GPL-3.0-or-later
//
// What happens to recorded runs when writers are killed, meet each other, or run out of disk. Writers are
// child processes: this program itself, started with the name of what to do.
#include "sample_runs.h"
#include "store/results_document.h"
#include "support/file.h"
#include "test_support.h"

#include <sys/resource.h>

#include <QProcess>
#include <QRandomGenerator>
#include <QTemporaryDir>
#include <QThread>
#include <QtTest>
#include <algorithm>
#include <csignal>
#include <cstdio>
#include <set>

using namespace planish;
using namespace planish::test;

namespace {

void say(const std::string& line) {
    std::fputs((line + "\n").c_str(), stdout);
    std::fflush(stdout);
}

/// Records runs until killed, telling the id of each as soon as it is committed.
int recordForever(const std::filesystem::path& path, std::uint64_t first) {
    ResultsWriter writer{ResultsDocument(path)};
    say("ready");
    for (std::uint64_t i = first;; ++i) {
        const RunRecord run = sampleRun(i, 20, 30);
        writer.record(run);
        say(run.id);
        if (i % 4 == 3) {
            writer.fold();
        }
    }
}

int holdLock(const std::filesystem::path& path) {
    const ResultsWriter writer{ResultsDocument(path)};
    say("ready");
    std::getchar();
    return 0;
}

/// Records run 1000 and folds while no file may grow beyond `limit` bytes; tells the errors.
int writeWithLittleRoom(const std::filesystem::path& path, rlim_t limit) {
    ResultsWriter writer{ResultsDocument(path)};
    const rlimit bound{limit, limit};
    std::signal(SIGXFSZ, SIG_IGN); // the write then fails as on a full disk
    if (setrlimit(RLIMIT_FSIZE, &bound) != 0) {
        return 3;
    }
    say("record: " + errorOf([&] { writer.record(sampleRun(1000)); }).toStdString());
    say("fold: " + errorOf([&] { writer.fold(); }).toStdString());
    return 0;
}

int runChild(int argc, char** argv) {
    const std::string task = argv[1];
    const std::uint64_t number = argc > 3 ? std::stoull(argv[3]) : 0;
    if (task == "--record-forever") {
        return recordForever(argv[2], number);
    }
    return task == "--hold-lock" ? holdLock(argv[2]) : writeWithLittleRoom(argv[2], number);
}

} // namespace

class StoreSurvivalTest : public QObject {
    Q_OBJECT

    QTemporaryDir folder_;

    std::filesystem::path path(const char* name) const {
        return std::filesystem::path(folder_.path().toStdString()) / name;
    }

    static void start(QProcess& child, const char* task, const std::filesystem::path& path,
                      std::uint64_t number = 0) {
        child.start(QCoreApplication::applicationFilePath(),
                    {task, QString::fromStdString(path.string()), QString::number(number)});
    }

    static QString output(QProcess& child) {
        child.waitForFinished();
        return QString::fromUtf8(child.readAllStandardOutput());
    }

  private slots:
    void a_run_reported_as_recorded_survives_a_kill_at_any_moment();
    void a_second_writer_is_refused_and_told_who_holds_the_document();
    void a_lock_left_by_a_killed_writer_holds_nobody_up();
    void a_full_disk_leaves_document_and_process_sound();
    void a_fold_without_room_keeps_the_journal();
    void a_folder_without_permission_is_named();
};

void StoreSurvivalTest::a_run_reported_as_recorded_survives_a_kill_at_any_moment() {
    QRandomGenerator random(20);
    std::set<std::string> reported;
    for (int round = 0; round < 40; ++round) {
        // A new document now and then keeps folding as quick as the kills are.
        const ResultsDocument document(path(qPrintable(QString("killed%1.h5").arg(round / 8))));
        if (round % 8 == 0) {
            reported.clear();
        }
        QProcess child;
        start(child, "--record-forever", document.path(), static_cast<std::uint64_t>(round) * 100000);
        // Counting what it reports makes the kill hit the work on fast and slow machines alike.
        const auto enough = static_cast<qsizetype>(1 + random.bounded(8U));
        QByteArray said;
        while (said.count('\n') < enough) {
            QVERIFY(child.waitForReadyRead());
            said += child.readAllStandardOutput();
        }
        QThread::usleep(random.bounded(20000U));
        child.kill();
        QStringList lines = QString::fromUtf8(said + output(child).toUtf8()).split('\n');
        lines.removeLast(); // what follows the last line break was not said completely
        lines.removeFirst();
        for (const QString& line : lines) {
            reported.insert(line.toStdString());
        }
        std::vector<std::string> warnings;
        const std::vector<std::string> ids = idsOf(document.read(&warnings));
        const std::set<std::string> found(ids.begin(), ids.end());
        QCOMPARE(found.size(), ids.size());
        QVERIFY(std::includes(found.begin(), found.end(), reported.begin(), reported.end()));
        QVERIFY2(warnings.empty(), warnings.empty() ? "" : warnings.front().c_str());
        QCOMPARE(document.runIds(), ids);
    }
}

void StoreSurvivalTest::a_second_writer_is_refused_and_told_who_holds_the_document() {
    const ResultsDocument document(path("held.h5"));
    QProcess child;
    start(child, "--hold-lock", document.path());
    QVERIFY(child.waitForReadyRead());
    const QString message = errorOf([&] { ResultsWriter{document}; });
    QVERIFY2(message.contains(QString("process %1 on ").arg(child.processId())), qPrintable(message));
    QVERIFY2(message.contains(QSysInfo::machineHostName()), qPrintable(message));
    QVERIFY(document.read().empty()); // readers need no lock
    child.write("\n");
    QVERIFY(child.waitForFinished());
    const ResultsWriter writer(document);
    QVERIFY(!errorOf([&] { ResultsWriter{document}; }).isEmpty()); // nor twice in one process
}

void StoreSurvivalTest::a_lock_left_by_a_killed_writer_holds_nobody_up() {
    const ResultsDocument document(path("orphan.h5"));
    QProcess child;
    start(child, "--hold-lock", document.path());
    QVERIFY(child.waitForReadyRead());
    child.kill();
    QVERIFY(child.waitForFinished());
    QVERIFY(std::filesystem::exists(path("orphan.h5.lock")));
    ResultsWriter(document).record(sampleRun(1));
    QCOMPARE(document.read().size(), 1U);
}

void StoreSurvivalTest::a_full_disk_leaves_document_and_process_sound() {
    const ResultsDocument document(path("full.h5"));
    { ResultsWriter(document).record(sampleRun(1)); }
    const std::string before = readWholeFile(document.path(), 1U << 24);
    for (const std::uint64_t limit : {0U, 1000U, 4096U, 8000U}) {
        QProcess child;
        start(child, "--little-room", document.path(), limit);
        const QString said = output(child);
        QCOMPARE(child.exitStatus(), QProcess::NormalExit);
        QCOMPARE(child.exitCode(), 0);
        QVERIFY2(said.contains(QRegularExpression("record: .*full\\.h5\\.journal.* \\d+ bytes needed")),
                 qPrintable(said));
        QVERIFY(readWholeFile(document.path(), 1U << 24) == before);
        QCOMPARE(document.runIds(), std::vector{sampleRun(1).id});
        QVERIFY(!std::filesystem::exists(path("full.h5.journal")) ||
                std::filesystem::is_empty(path("full.h5.journal")));
    }
}

void StoreSurvivalTest::a_fold_without_room_keeps_the_journal() {
    const ResultsDocument document(path("grown.h5"));
    std::vector<RunRecord> runs;
    for (std::uint64_t i = 0; i < 20; ++i) {
        runs.push_back(sampleRun(i));
    }
    writeResultsDocument(document.path(), runs);
    const std::string before = readWholeFile(document.path(), 1U << 24);
    QProcess child;
    start(child, "--little-room", document.path(), before.size() / 2);
    const QString said = output(child);
    QCOMPARE(child.exitStatus(), QProcess::NormalExit);
    QCOMPARE(child.exitCode(), 0);
    QVERIFY2(said.contains("record: \n"), qPrintable(said));
    QVERIFY2(said.contains(QRegularExpression("fold: .*grown\\.h5: .* \\d+ bytes needed")), qPrintable(said));
    QVERIFY(readWholeFile(document.path(), 1U << 24) == before);
    QCOMPARE(document.read().size(), 21U);
    { const ResultsWriter writer(document); } // the next opening folds
    QVERIFY(!std::filesystem::exists(path("grown.h5.journal")));
    QCOMPARE(document.read().size(), 21U);
}

void StoreSurvivalTest::a_folder_without_permission_is_named() {
    const QString message = errorOf([&] { ResultsWriter{ResultsDocument("/proc/results.h5")}; });
    QVERIFY2(message.contains("/proc/results.h5"), qPrintable(message));
    const QString missing = errorOf([&] { ResultsWriter{ResultsDocument(path("no/such/folder.h5"))}; });
    QVERIFY2(missing.contains("no/such/folder.h5"), qPrintable(missing));
}

int main(int argc, char** argv) {
    if (argc > 2 && std::string(argv[1]).starts_with("--")) {
        return runChild(argc, argv);
    }
    const QCoreApplication application(argc, argv);
    StoreSurvivalTest test;
    return QTest::qExec(&test, argc, argv);
}
#include "tst_store_survival.moc"
