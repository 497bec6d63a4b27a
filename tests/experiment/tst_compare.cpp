// SPDX-License-Identifier: GPL-3.0-or-later
#include "experiment/compare.h"

#include <QRandomGenerator>
#include <QtTest>
#include <cmath>
#include <functional>

using namespace planish;

namespace {

constexpr std::uint64_t tokensAWindow = 511;

RunRecord run(const std::string& id, std::vector<double> windowNll) {
    RunRecord record;
    record.id = id;
    record.modelFingerprint = "f";
    record.corpusSha256 = "c";
    record.convention = "standard";
    record.context = tokensAWindow + 1;
    record.windows = windowNll.size();
    record.tokensScored = windowNll.size() * tokensAWindow;
    record.windowNll = std::move(windowNll);
    for (const double nll : record.windowNll) {
        record.nllSum += nll;
    }
    record.ppl = std::exp(record.nllSum / static_cast<double>(record.tokensScored));
    record.tensors = {{"a", "q", 8, 8, "int4:g8", 64, 8, 0.01, 20},
                      {"b", "up", 8, 8, "bf16", 128, 16, 0, 99}};
    return record;
}

} // namespace

class CompareTest : public QObject {
    Q_OBJECT

  private slots:
    void the_difference_is_that_of_the_perplexities();
    void the_standard_error_is_that_of_repeated_texts();
    void a_run_against_itself_differs_by_nothing();
    void a_shift_in_every_window_is_significant_and_noise_is_not();
    void runs_on_other_settings_have_no_difference_and_say_why();
    void one_window_has_no_standard_error();
    void tensors_are_side_by_side_with_gaps_marked();
    void fewer_than_two_runs_are_refused();
    void the_json_has_every_part();
};

void CompareTest::the_difference_is_that_of_the_perplexities() {
    const RunRecord first = run("1", {1500, 1600, 1400});
    const RunRecord second = run("2", {1510, 1605, 1440});
    const PairedDifference difference = pairedDifference(second, first);
    QVERIFY(difference.incomparable.empty());
    QVERIFY(std::abs(difference.pplPercent - 100 * (second.ppl / first.ppl - 1)) < 1e-9);
    // Differences 10, 5, 40: sample deviation 18.9297, of the sum √3 times that, over 1533 tokens.
    const double expected = second.ppl / first.ppl * std::sqrt(3.0) * 18.929694486000912 / 1533 * 100;
    QVERIFY(std::abs(difference.standardErrorPercent - expected) < 1e-9);
}

void CompareTest::the_standard_error_is_that_of_repeated_texts() {
    // Many texts of 40 windows whose differences scatter with deviation 6: the spread of the measured
    // differences must be what each of them claims as its error.
    QRandomGenerator random(5);
    const auto normal = [&] {
        double sum = -6;
        for (int i = 0; i < 12; ++i) {
            sum += random.generateDouble();
        }
        return sum;
    };
    double sum = 0;
    double squares = 0;
    double claimed = 0;
    constexpr int texts = 2000;
    for (int text = 0; text < texts; ++text) {
        std::vector<double> first(40);
        std::vector<double> second(40);
        for (std::size_t i = 0; i < first.size(); ++i) {
            first[i] = 1500 + 100 * normal();
            second[i] = first[i] + 4 + 6 * normal();
        }
        const PairedDifference difference = pairedDifference(run("2", second), run("1", first));
        sum += difference.pplPercent;
        squares += difference.pplPercent * difference.pplPercent;
        claimed += difference.standardErrorPercent / texts;
    }
    const double spread = std::sqrt((squares - sum * sum / texts) / (texts - 1));
    QVERIFY2(std::abs(claimed / spread - 1) < 0.06, qPrintable(QString::number(claimed / spread)));
}

void CompareTest::a_run_against_itself_differs_by_nothing() {
    const RunRecord record = run("1", {1500, 1600, 1400});
    const PairedDifference difference = pairedDifference(record, record);
    QCOMPARE(difference.pplPercent, 0.0);
    QCOMPARE(difference.standardErrorPercent, 0.0);
    QVERIFY(!difference.significant);
}

void CompareTest::a_shift_in_every_window_is_significant_and_noise_is_not() {
    const RunRecord first = run("1", {1500, 1600, 1400, 1700});
    QVERIFY(pairedDifference(run("2", {1504, 1605, 1404, 1705}), first).significant);
    QVERIFY(pairedDifference(run("2", {1496, 1595, 1396, 1695}), first).significant);
    QVERIFY(!pairedDifference(run("2", {1504, 1595, 1404, 1698}), first).significant);
}

void CompareTest::runs_on_other_settings_have_no_difference_and_say_why() {
    const RunRecord first = run("1", {1500, 1600});
    const std::vector<std::pair<std::string, std::function<void(RunRecord&)>>> changes = {
        {"model", [](RunRecord& r) { r.modelFingerprint = "g"; }},
        {"text", [](RunRecord& r) { r.corpusSha256 = "d"; }},
        {"convention", [](RunRecord& r) { r.convention = "strided"; }},
        {"context", [](RunRecord& r) { r.context = 99; }},
        {"windows", [](RunRecord& r) { r.windows = 99; }},
        {"stride", [](RunRecord& r) { r.stride = 99; }},
        {"tokens scored", [](RunRecord& r) { r.tokensScored = 99; }},
        {"recorded windows", [](RunRecord& r) { r.windowNll.pop_back(); }},
    };
    for (const auto& [what, change] : changes) {
        RunRecord other = first;
        change(other);
        const PairedDifference difference = pairedDifference(other, first);
        QVERIFY2(difference.incomparable.starts_with(what), difference.incomparable.c_str());
        QVERIFY(std::isnan(difference.pplPercent));
        QVERIFY(!difference.significant);
    }
    RunRecord empty = run("1", {});
    QVERIFY(!pairedDifference(empty, empty).incomparable.empty());
}

void CompareTest::one_window_has_no_standard_error() {
    const PairedDifference difference = pairedDifference(run("2", {1600}), run("1", {1500}));
    QVERIFY(difference.pplPercent > 0);
    QVERIFY(std::isnan(difference.standardErrorPercent));
    QVERIFY(!difference.significant);
}

void CompareTest::tensors_are_side_by_side_with_gaps_marked() {
    RunRecord second = run("2", {1, 2});
    second.tensors[0].codec = "int3:g8";
    second.tensors[0].bitsPerWeight = 7;
    second.tensors.erase(second.tensors.begin() + 1);
    second.tensors.push_back({"c", "head", 8, 8, "bf16", 128, 16, 0, 99});
    const RunRecord runs[] = {run("1", {1, 2}), second, run("3", {1, 2})};
    const RunComparison comparison = compareRuns(runs);
    QCOMPARE(comparison.tensors.size(), 3U);
    QCOMPARE(comparison.tensors[0].codecs, (std::vector<std::string>{"int4:g8", "int3:g8", "int4:g8"}));
    QCOMPARE(comparison.tensors[0].bitsPerWeight, (std::vector<double>{8, 7, 8}));
    QCOMPARE(comparison.tensors[1].codecs[1], std::string());
    QVERIFY(std::isnan(comparison.tensors[1].relativeError[1]));
    QCOMPARE(comparison.recipeDifferences().size(), 3U);
    QVERIFY(compareRuns(std::vector{runs[0], runs[2]}).recipeDifferences().empty());
}

void CompareTest::fewer_than_two_runs_are_refused() {
    QVERIFY_EXCEPTION_THROWN(compareRuns(std::vector{run("1", {1})}), InputError);
}

void CompareTest::the_json_has_every_part() {
    const Json json = toJson(compareRuns(std::vector{run("1", {1500}), run("2", {1600})}));
    QCOMPARE(json["runs"].size(), 2U);
    QCOMPARE(json["metrics"]["ppl"].size(), 2U);
    QCOMPARE(json["metrics"]["context"][1], 512.0);
    QVERIFY(!json["metrics"].contains("model"));
    QVERIFY(json["differences"][1]["standard_error_percent"].is_null());
    QVERIFY(json["differences"][1]["ppl_percent"] > 0);
    QCOMPARE(json["tensors"][1]["name"], "b");
}

QTEST_GUILESS_MAIN(CompareTest)
#include "tst_compare.moc"
