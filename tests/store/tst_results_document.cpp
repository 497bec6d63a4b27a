// SPDX-License-Identifier: GPL-3.0-or-later
#include "sample_runs.h"
#include "store/results_document.h"
#include "support/file.h"
#include "test_support.h"

#include <QTemporaryDir>
#include <QtTest>
#include <algorithm>
#include <cmath>
#include <filesystem>
#include <limits>

using namespace planish;
using namespace planish::test;

namespace {

bool journalHolds(const std::filesystem::path& document, std::size_t files) {
    std::filesystem::path folder = document;
    folder += ".journal";
    if (!std::filesystem::exists(folder)) {
        return files == 0;
    }
    return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator(folder), {})) == files;
}

} // namespace

class ResultsDocumentTest : public QObject {
    Q_OBJECT

    QTemporaryDir folder_;
    int documents_ = 0;

    std::filesystem::path newPath() {
        return std::filesystem::path(folder_.path().toStdString()) /
               ("document" + std::to_string(++documents_) + ".h5");
    }

    /// What a run is after it was recorded and read.
    RunRecord recordedAndRead(const RunRecord& run, bool folded) {
        const ResultsDocument document(newPath());
        ResultsWriter writer(document);
        writer.record(run);
        if (folded) {
            writer.fold();
        }
        const std::vector<RunRecord> runs = document.read();
        return runs.size() == 1 ? runs.front() : RunRecord();
    }

  private slots:
    void every_field_comes_back_as_it_was_recorded();
    void names_in_any_script_and_values_beyond_numbers_come_back();
    void tables_may_be_empty();
    void a_recipe_with_a_rule_for_each_of_a_thousand_tensors_comes_back();
    void text_that_is_no_utf8_does_not_cost_the_run();
    void a_recorded_run_is_visible_before_and_after_folding();
    void runs_of_document_and_journal_count_once();
    void runs_come_in_the_order_they_were_recorded();
    void a_run_already_recorded_is_left_as_it_is();
    void a_document_that_does_not_exist_has_no_runs();
    void removed_runs_are_gone_from_document_and_journal();
    void what_is_written_on_runs_can_be_changed_in_document_and_journal();
    void tags_and_folders_are_tidied();
    void merging_adds_the_runs_that_are_missing();
    void a_document_that_cannot_be_read_is_not_merged();
    void a_document_written_whole_replaces_document_and_journal();
    void nothing_is_left_beside_the_document();
    void hundreds_of_runs_are_read_in_seconds();
};

void ResultsDocumentTest::every_field_comes_back_as_it_was_recorded() {
    for (const bool folded : {false, true}) {
        const RunRecord run = sampleRun(7);
        const RunRecord back = recordedAndRead(run, folded);
        QCOMPARE(firstDifference(run, back), std::string());
        QCOMPARE(toJson(back).dump(), toJson(run).dump());
    }
}

void ResultsDocumentTest::names_in_any_script_and_values_beyond_numbers_come_back() {
    RunRecord run = sampleRun(3);
    run.name = "Größe 模型 𝕎 \n second line";
    run.corpus = "";
    run.deltaStandardErrorPercent = notMeasured;
    run.kldMax = std::numeric_limits<double>::infinity();
    run.kldMean = std::numeric_limits<double>::denorm_min();
    run.seed = std::numeric_limits<std::uint64_t>::max();
    run.tensors[2].sqnrDecibel = std::numeric_limits<double>::infinity();
    run.tensors[3].relativeError = notMeasured;
    run.tensors[4].name = "слой";
    run.windowNll[1] = notMeasured;
    for (const bool folded : {false, true}) {
        QCOMPARE(firstDifference(run, recordedAndRead(run, folded)), std::string());
    }
    QVERIFY(toJson(run)["delta_standard_error_percent"].is_null());
}

void ResultsDocumentTest::tables_may_be_empty() {
    const RunRecord run = sampleRun(4, 0, 0);
    QCOMPARE(firstDifference(run, recordedAndRead(run, true)), std::string());
}

void ResultsDocumentTest::a_recipe_with_a_rule_for_each_of_a_thousand_tensors_comes_back() {
    // 64 KiB is the most an attribute of fixed size could take.
    RunRecord run = sampleRun(5, 1000, 3000);
    run.recipe.rules.clear();
    for (const TensorResult& tensor : run.tensors) {
        run.recipe.rules.push_back({tensor.name + std::string(40, 'x'), "int4:g64"});
    }
    QVERIFY(run.recipe.toJson().dump().size() > 65536);
    QCOMPARE(firstDifference(run, recordedAndRead(run, true)), std::string());
}

void ResultsDocumentTest::text_that_is_no_utf8_does_not_cost_the_run() {
    RunRecord run = sampleRun(6);
    run.command = std::string("planish-cli run \xff\xfe ") + '\0' + "end";
    QCOMPARE(recordedAndRead(run, true).command, "planish-cli run \xef\xbf\xbd\xef\xbf\xbd \xef\xbf\xbd"
                                                 "end");
}

void ResultsDocumentTest::a_recorded_run_is_visible_before_and_after_folding() {
    const ResultsDocument document(newPath());
    ResultsWriter writer(document);
    writer.record(sampleRun(1));
    QVERIFY(document.exists());
    QVERIFY(!std::filesystem::exists(document.path()));
    QVERIFY(journalHolds(document.path(), 1));
    QCOMPARE(document.read().size(), 1U);
    writer.fold();
    QVERIFY(std::filesystem::exists(document.path()));
    QVERIFY(journalHolds(document.path(), 0));
    writer.record(sampleRun(2));
    QCOMPARE(document.runIds(), (std::vector{sampleRun(1).id, sampleRun(2).id}));
    QCOMPARE(idsOf(document.read()), document.runIds());
}

void ResultsDocumentTest::runs_of_document_and_journal_count_once() {
    // A writer that is killed between replacing the document and emptying the journal leaves both.
    const ResultsDocument document(newPath());
    std::filesystem::path journal = document.path();
    journal += ".journal";
    std::filesystem::path kept = document.path();
    kept += ".kept";
    {
        ResultsWriter writer(document);
        writer.record(sampleRun(1));
        writer.record(sampleRun(2));
        std::filesystem::copy(journal, kept);
    }
    std::filesystem::rename(kept, journal);
    QCOMPARE(document.runIds(), (std::vector{sampleRun(1).id, sampleRun(2).id}));
    QCOMPARE(idsOf(document.read()), document.runIds());
    ResultsWriter(document).fold();
    QVERIFY(journalHolds(document.path(), 0));
    QCOMPARE(document.read().size(), 2U);
}

void ResultsDocumentTest::runs_come_in_the_order_they_were_recorded() {
    const ResultsDocument document(newPath());
    std::vector<std::string> expected;
    for (std::uint64_t i = 0; i < 30; ++i) {
        ResultsWriter writer(document);
        writer.record(sampleRun(2 * i, 1, 1));
        writer.record(sampleRun(2 * i + 1, 1, 1));
        expected.push_back(sampleRun(2 * i).id);
        expected.push_back(sampleRun(2 * i + 1).id);
        QCOMPARE(document.runIds(), expected);
    }
    QVERIFY(!std::is_sorted(expected.begin(), expected.end()));
    QCOMPARE(idsOf(document.read()), expected);
}

void ResultsDocumentTest::a_run_already_recorded_is_left_as_it_is() {
    const ResultsDocument document(newPath());
    RunRecord second = sampleRun(1);
    second.name = "the same measured again";
    ResultsWriter writer(document);
    writer.record(sampleRun(1));
    writer.record(second);
    writer.fold();
    writer.record(second);
    QVERIFY(journalHolds(document.path(), 0));
    QCOMPARE(document.read().front().name, sampleRun(1).name);
}

void ResultsDocumentTest::a_document_that_does_not_exist_has_no_runs() {
    const ResultsDocument document(newPath());
    QVERIFY(!document.exists());
    QVERIFY(document.read().empty());
    QVERIFY(document.runIds().empty());
    { const ResultsWriter writer(document); }
    QVERIFY(!document.exists());
}

void ResultsDocumentTest::removed_runs_are_gone_from_document_and_journal() {
    const ResultsDocument document(newPath());
    ResultsWriter writer(document);
    for (std::uint64_t i = 0; i < 4; ++i) {
        writer.record(sampleRun(i));
        if (i == 1) {
            writer.fold();
        }
    }
    writer.remove({sampleRun(0).id, sampleRun(3).id, "unknown"});
    QCOMPARE(document.runIds(), (std::vector{sampleRun(1).id, sampleRun(2).id}));
    QCOMPARE(firstDifference(document.read()[1], sampleRun(2)), std::string());
    writer.record(sampleRun(0));
    QCOMPARE(document.read().size(), 3U);
}

void ResultsDocumentTest::what_is_written_on_runs_can_be_changed_in_document_and_journal() {
    const ResultsDocument document(newPath());
    ResultsWriter writer(document);
    writer.record(sampleRun(1));
    writer.fold();
    writer.record(sampleRun(2));
    const RunNotes notes{"best so far", "paper, 模型", "thesis/figure 2", "two\nlines"};
    writer.annotate({{sampleRun(1).id, notes}, {sampleRun(2).id, notes}, {"unknown", notes}});
    QVERIFY(journalHolds(document.path(), 0));
    for (std::uint64_t i = 1; i <= 2; ++i) {
        RunRecord expected = sampleRun(i);
        setNotes(expected, notes);
        QCOMPARE(firstDifference(document.read()[i - 1], expected), std::string());
    }
    writer.annotate({{sampleRun(2).id, {}}});
    QVERIFY(notesOf(document.read()[0]) == notes);
    QVERIFY(notesOf(document.read()[1]) == RunNotes());
    // Recording goes on, and a rewrite keeps what was written.
    writer.record(sampleRun(3));
    writer.fold();
    QCOMPARE(document.read().size(), 3U);
    QVERIFY(notesOf(document.read()[0]) == notes);
}

void ResultsDocumentTest::tags_and_folders_are_tidied() {
    RunRecord run;
    setNotes(run, {"x", " b,a ,, b,two words", " /p//q/ ", ""});
    QCOMPARE(run.tags, std::string("b, a, two words"));
    QCOMPARE(run.folder, std::string("p/q"));
    setNotes(run, {"x", ",", "/", ""});
    QVERIFY(run.tags.empty() && run.folder.empty());
}

void ResultsDocumentTest::merging_adds_the_runs_that_are_missing() {
    const ResultsDocument ours(newPath());
    const ResultsDocument theirs(newPath());
    RunRecord shared = sampleRun(2);
    {
        ResultsWriter writer(ours);
        writer.record(sampleRun(1));
        writer.record(shared);
    }
    shared.notes = "theirs";
    writeResultsDocument(theirs.path(), {shared, sampleRun(3)});
    {
        ResultsWriter writer(theirs);
        writer.record(sampleRun(4));
        // Not folded yet: runs of the other's journal count.
        ResultsWriter own(ours);
        QCOMPARE(own.merge(theirs), 2U);
        QCOMPARE(own.merge(theirs), 0U);
        own.record(sampleRun(4)); // known by now
    }
    QCOMPARE(idsOf(ours.read()), (std::vector{sampleRun(1).id, shared.id, sampleRun(3).id, sampleRun(4).id}));
    QCOMPARE(ours.read()[1].notes, sampleRun(2).notes);
    QCOMPARE(firstDifference(ours.read()[3], sampleRun(4)), std::string());
    QCOMPARE(theirs.read().size(), 3U);
    const ResultsDocument fresh(newPath());
    QCOMPARE(ResultsWriter(fresh).merge(ours), 4U);
    QCOMPARE(idsOf(fresh.read()), idsOf(ours.read()));
}

void ResultsDocumentTest::a_document_that_cannot_be_read_is_not_merged() {
    const ResultsDocument ours(newPath());
    writeResultsDocument(ours.path(), {sampleRun(1)});
    const std::string before = readWholeFile(ours.path(), 1U << 24);
    const auto foreign = newPath();
    writeFile(foreign, "no HDF5 here");
    for (const auto& path : {foreign, newPath()}) {
        const QString message = errorOf([&] { ResultsWriter(ours).merge(ResultsDocument(path)); });
        QVERIFY2(message.contains(QString::fromStdString(path.filename().string())), qPrintable(message));
        QVERIFY(readWholeFile(ours.path(), 1U << 24) == before);
    }
}

void ResultsDocumentTest::a_document_written_whole_replaces_document_and_journal() {
    const ResultsDocument document(newPath());
    {
        ResultsWriter writer(document);
        writer.record(sampleRun(1));
        const QString message = errorOf([&] { writeResultsDocument(document.path(), {}); });
        QVERIFY2(message.contains("is writing to it"), qPrintable(message));
    }
    writeResultsDocument(document.path(), {sampleRun(8), sampleRun(9), sampleRun(8)});
    QCOMPARE(document.runIds(), (std::vector{sampleRun(8).id, sampleRun(9).id}));
    writeResultsDocument(document.path(), {});
    QVERIFY(document.exists());
    QVERIFY(document.read().empty());
}

void ResultsDocumentTest::nothing_is_left_beside_the_document() {
    const QTemporaryDir folder;
    const std::filesystem::path path = std::filesystem::path(folder.path().toStdString()) / "ergebnisse é.h5";
    writeFile(path.string() + ".12345.tmp", "left by a killed writer");
    writeFile(path.string() + ".notes.tmp", "somebody else's");
    { ResultsWriter(ResultsDocument(path)).record(sampleRun(1)); }
    const QStringList expected{"ergebnisse é.h5", "ergebnisse é.h5.notes.tmp"};
    QCOMPARE(QDir(folder.path()).entryList(QDir::AllEntries | QDir::Hidden | QDir::NoDotAndDotDot), expected);
}

void ResultsDocumentTest::hundreds_of_runs_are_read_in_seconds() {
    std::vector<RunRecord> runs;
    for (std::uint64_t i = 0; i < 400; ++i) {
        runs.push_back(sampleRun(i, 30, 64));
    }
    const std::filesystem::path path = newPath();
    writeResultsDocument(path, runs);
    QElapsedTimer timer;
    timer.start();
    QCOMPARE(ResultsDocument(path).read().size(), runs.size());
    // Far above the usual quarter second: a slow machine passes, a quadratic listing does not.
    QVERIFY2(timer.elapsed() < 30000, qPrintable(QString::number(timer.elapsed())));
}

QTEST_GUILESS_MAIN(ResultsDocumentTest)
#include "tst_results_document.moc"
