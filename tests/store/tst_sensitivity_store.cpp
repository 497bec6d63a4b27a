// SPDX-License-Identifier: GPL-3.0-or-later
#include "sample_runs.h"
#include "store/results_document.h"
#include "support/file.h"
#include "test_support.h"

#include <QTemporaryDir>
#include <QTest>
#include <algorithm>
#include <cmath>
#include <random>

using namespace planish;
using namespace planish::test;

namespace {

SensitivityRecord sample(const std::string& id) {
    SensitivityRecord record{id,
                             "2000-01-01T00:00:00Z",
                             "planish",
                             "model",
                             "f00d",
                             "text",
                             "cafe",
                             512,
                             8,
                             3,
                             "bf16",
                             0.02,
                             12.5,
                             {},
                             "calibration, 64 samples",
                             {}};
    record.sensitivity.lossPerDivergence = 0.5;
    record.sensitivity.lossPerDivergenceError = 0.01;
    record.sensitivity.tensors = {{"a", "q", 4, 8, 0.25, 0.01, 2}, {"b", "down", 8, 4, 1.5, std::nan(""), 1}};
    record.costs = {{"a", "int4:g64", 20, 0.01}, {"b", "int4:g64", 20, 0.02}, {"a", "int3:g64", 16, 0.04}};
    return record;
}

void compare(const SensitivityRecord& a, const SensitivityRecord& b) {
    QCOMPARE(toJson(a).dump(), toJson(b).dump());
    QCOMPARE(a.modelFingerprint, b.modelFingerprint);
    QCOMPARE(a.corpusSha256, b.corpusSha256);
    QCOMPARE(a.costs.size(), b.costs.size());
}

} // namespace

class SensitivityStoreTest : public QObject {
    Q_OBJECT

    QTemporaryDir folder_;
    int documents_ = 0;
    ResultsDocument newDocument() {
        return ResultsDocument(folder_.filePath(QString("%1.h5").arg(++documents_)).toStdString());
    }

  private slots:
    void a_study_comes_back_as_it_was_kept_and_stays_through_later_runs() {
        const ResultsDocument document = newDocument();
        {
            ResultsWriter writer(document);
            writer.keep(sample("one"));
            writer.record(sampleRun(1));
            writer.keep(sample("two"));
            writer.record(sampleRun(2));
            writer.fold();
            writer.remove({sampleRun(1).id});
        }
        auto studies = document.readSensitivities();
        QCOMPARE(studies.size(), std::size_t{2});
        std::ranges::sort(studies, {}, &SensitivityRecord::id);
        compare(studies[0], sample("one"));
        compare(studies[1], sample("two"));
        QCOMPARE(document.runIds(), std::vector<std::string>{sampleRun(2).id});
    }

    void a_study_replaces_the_one_with_its_id() {
        const ResultsDocument document = newDocument();
        ResultsWriter writer(document);
        writer.keep(sample("one"));
        SensitivityRecord more = sample("one");
        more.costs.push_back({"b", "int3:g64", 16, 0.08});
        writer.keep(more);
        const auto studies = document.readSensitivities();
        QCOMPARE(studies.size(), std::size_t{1});
        compare(studies[0], more);
    }

    void a_new_document_of_runs_and_studies_holds_both() {
        const ResultsDocument document = newDocument();
        writeResultsDocument(document.path(), {sampleRun(1)}, {sample("one")});
        QCOMPARE(document.read().size(), std::size_t{1});
        QCOMPARE(document.readSensitivities().size(), std::size_t{1});
        QVERIFY(newDocument().readSensitivities().empty());
    }

    void numbers_nothing_can_be_predicted_from_are_left_out_with_a_warning() {
        const auto damage = [&](auto change) {
            SensitivityRecord record = sample("bad");
            change(record);
            const ResultsDocument document = newDocument();
            writeResultsDocument(document.path(), {sampleRun(1)}, {record, sample("good")});
            std::vector<std::string> warnings;
            const auto studies = document.readSensitivities(&warnings);
            return studies.size() == 1 && studies[0].id == "good" && warnings.size() == 1
                       ? QString::fromStdString(warnings[0])
                       : QString();
        };
        QString message =
            damage([](auto& record) { record.sensitivity.tensors[1].divergence = std::nan(""); });
        QVERIFY2(message.contains("/sensitivities/bad/tensors/kld_per_relative_error"), qPrintable(message));
        message = damage([](auto& record) { record.costs[0].error = -1; });
        QVERIFY2(message.contains("costs/relative_error"), qPrintable(message));
        message = damage([](auto& record) { record.costs[0].tensor = "none such"; });
        QVERIFY2(message.contains("costs/tensor"), qPrintable(message));
        message = damage([](auto& record) { record.sensitivity.lossPerDivergence = 0; });
        QVERIFY2(message.contains("loss_per_kld"), qPrintable(message));
    }

    /// Any byte may be wrong: what is read is a study, or a warning, or the document is refused.
    void damaged_bytes_never_do_worse_than_a_warning_or_an_error() {
        const ResultsDocument document = newDocument();
        writeResultsDocument(document.path(), {}, {sample("one")});
        const std::string whole = readWholeFile(document.path().string(), 1U << 24);
        std::mt19937 random(1);
        int refused = 0;
        for (int trial = 0; trial < 300; ++trial) {
            std::string bytes = whole;
            for (int flip = 0; flip < 4; ++flip) {
                bytes[random() % bytes.size()] = static_cast<char>(random());
            }
            writeFile(document.path(), bytes);
            std::vector<std::string> warnings;
            const QString message = errorOf([&] { document.readSensitivities(&warnings); });
            refused += !message.isEmpty() || !warnings.empty() ? 1 : 0;
        }
        QVERIFY(refused > 20);
    }
};

QTEST_APPLESS_MAIN(SensitivityStoreTest)
#include "tst_sensitivity_store.moc"
