// SPDX-License-Identifier: GPL-3.0-or-later
#include "experiment/claims.h"
#include "test_support.h"

#include <QTest>
#include <algorithm>
#include <cmath>

using namespace planish;
using namespace planish::test;

namespace {

const char* const document = R"({"schema": "planish.claims/1", "title": "Claims", "introduction": ["First."],
    "tables": [{"title": "Results", "sweep": "results.json", "rows": [
        {"label": "a | b", "compression": "8x", "delta_ppl": "<0.5%", "codec": "int4:g8", "explanation": "Why."},
        {"label": "c", "compression": "4x", "delta_ppl": "+20%", "fails": true, "codec": "int4:g64+mse",
         "samples": 64, "explanation": "Because."}]}],
    "curves": [{"title": "Volume", "sweep": "volume.json", "codec": "int3:g64+mse", "without": "int3:g64",
                "explanation": "More helps."}]})";

ClaimsDocument parse(const std::string& text) {
    return ClaimsDocument::fromJson(parseJson(text, "claims.json"), "claims.json", "");
}

RunRecord run(const std::string& codec, std::uint64_t samples, double deltaPpl, double bits) {
    RunRecord record;
    record.id = codec + std::to_string(samples);
    record.recipe = Recipe::uniform(codec);
    record.name = record.recipe.name;
    record.model = "small";
    record.corpus = "text";
    record.calibrationSamples = samples;
    record.calibrationContext = 512;
    record.deltaPplPercent = deltaPpl;
    record.deltaStandardErrorPercent = 0.1;
    record.bitsPerWeight = bits;
    record.compression = 32 / bits;
    record.tensors = {{.name = "a", .role = "up", .rows = 8, .columns = 256, .codec = codec},
                      {.name = "b", .role = "down", .rows = 8, .columns = 768, .codec = codec}};
    if (samples > 0) {
        record.tensors[0].proxyLoss = record.tensors[1].proxyLoss = 0.1;
        record.warnings = {"few tokens"};
    }
    return record;
}

std::vector<RunRecord> allRuns() {
    return {run("int4:g8", 0, 0.6, 8), run("int4:g64+mse", 64, 3, 4.5), run("int3:g64+mse", 16, 9, 3.5),
            run("int3:g64", 0, 13, 3.5), run("int3:g64+mse", 8, 12, 3.5)};
}

Claim claim(const std::string& compression, const std::string& deltaPpl, bool fails = false) {
    Claim result;
    result.compression = ClaimedNumber::parse(compression, "claims.json");
    result.deltaPpl = ClaimedNumber::parse(deltaPpl, "claims.json");
    result.fails = fails;
    return result;
}

} // namespace

class ClaimsTest : public QObject {
    Q_OBJECT

  private slots:
    void claimed_numbers_are_read_as_people_write_them_data() {
        QTest::addColumn<QString>("text");
        QTest::addColumn<double>("lowest");
        QTest::addColumn<double>("highest");
        QTest::newRow("plain") << "7.5x" << 7.5 << 7.5;
        QTest::newRow("range") << "8-9x" << 8.0 << 9.0;
        QTest::newRow("range of percents") << "+14-54%" << 14.0 << 54.0;
        QTest::newRow("about") << "~10x" << 10.0 << 10.0;
        QTest::newRow("at most") << "<0.5%" << -std::numeric_limits<double>::infinity() << 0.5;
        QTest::newRow("thousands") << "+250,000%" << 250000.0 << 250000.0;
        QTest::newRow("negative") << "-0.3%" << -0.3 << -0.3;
    }

    void claimed_numbers_are_read_as_people_write_them() {
        QFETCH(QString, text);
        const auto number = ClaimedNumber::parse(text.toStdString(), "claims.json");
        QTEST(number->lowest, "lowest");
        QTEST(number->highest, "highest");
    }

    void a_dash_claims_nothing_and_other_words_are_refused() {
        QVERIFY(!ClaimedNumber::parse("-", "claims.json"));
        for (const char* text : {"", "much", "7.5", "7.5x or so", "8-x", "nan%", "--3%"}) {
            const QString message = errorOf([&] { ClaimedNumber::parse(text, "claims.json"); });
            QVERIFY2(message.contains("claims.json"), text);
        }
    }

    void a_claim_holds_within_five_percent_of_size_and_two_standard_errors() {
        QVERIFY(judge(claim("4x", "+0.4%"), run("int4:g8", 0, 0.59, 8.4)).holds());
        QVERIFY(!judge(claim("4x", "+0.4%"), run("int4:g8", 0, 0.61, 8.4)).deltaPplHolds);
        QVERIFY(!judge(claim("4x", "+0.4%"), run("int4:g8", 0, 0.59, 8.5)).compressionHolds);
        QVERIFY(judge(claim("8-9x", "-"), run("int4:g8", 0, 99, 4)).holds());
    }

    void a_row_that_says_it_fails_holds_when_it_costs_as_much() {
        QVERIFY(judge(claim("-", "+20%", true), run("int4:g8", 0, 19.9, 8)).holds());
        QVERIFY(judge(claim("-", "+14-54%", true), run("int4:g8", 0, 200, 8)).holds());
        QVERIFY(!judge(claim("-", "+20%", true), run("int4:g8", 0, 3, 8)).holds());
    }

    void the_page_has_every_row_its_verdict_and_its_explanation() {
        const QString page = QString::fromStdString(resultsMarkdown(parse(document), allRuns(), "runs.h5"));
        QVERIFY(
            page.contains("| a \\| b | 8x, <0.5% | `int4:g8` |  | small | 8.000 | 4.00x | +0.60 ± 0.10 |"));
        QVERIFY(page.contains("does not hold: 50 % less compression |"));
        QVERIFY(page.contains("does not hold: costs less |"));
        QVERIFY(page.contains("- **c** as `int4:g64+mse`: Because."));
        QVERIFY(page.contains("- few tokens (int4:g64+mse on small, 64 samples)"));
    }

    void a_frontier_is_read_at_the_bits_of_what_others_reach() {
        const ClaimsDocument page = parse(R"({"schema": "planish.claims/1", "title": "T", "introduction": [],
            "frontiers": [{"title": "Frontier", "sweep": "f.json", "explanation": "All."}]})");
        // ln KLD falls by 2 from 4 to 5 bits: at 4.5 bits it is 0.04 / e.
        std::vector<RunRecord> runs{run("int4:g8", 0, 1, 5), run("int4:g64+mse", 0, 2, 4),
                                    run("int3:g64", 0, 2, 4.75)};
        runs[0].kldMean = 0.04 * std::exp(-2.0);
        runs[1].kldMean = 0.04;
        runs[2].kldMean = 0.05; // both larger and worse than the one of 4 bits
        for (RunRecord& record : runs) {
            record.model = "folio-23m"; // that the references know
        }
        const QString text = QString::fromStdString(resultsMarkdown(page, runs, "runs.h5"));
        QVERIFY(text.contains("| `int4:g64+mse` |  | 4.000 | 8.00x |"));
        QCOMPARE(text.count("| yes |"), 2);
        QVERIFY2(text.contains("| Q4_K_S | 4.500 | +1.70 | 0.0211 | 0.0147 | 0.70 |"), qPrintable(text));
        QVERIFY2(!text.contains("| Q8_0 |"), "beyond the largest run there is nothing to compare with");
        runs[0].context = 2048;
        const QString refused = errorOf([&] { resultsMarkdown(page, runs, "runs.h5"); });
        QVERIFY2(refused.contains("runs.h5") && refused.contains("2048"), qPrintable(refused));
    }

    void a_curve_rises_with_its_samples_and_counts_tokens_against_inputs() {
        const QString page = QString::fromStdString(resultsMarkdown(parse(document), allRuns(), "runs.h5"));
        const auto none = page.indexOf("| small | int3:g64 | 0 | 0 |  |");
        const auto eight = page.indexOf("| small | int3:g64+mse | 8 | 4096 | 0.67 |");
        const auto sixteen = page.indexOf("| small | int3:g64+mse | 16 | 8192 | 1.33 |");
        QVERIFY(none > 0 && none < eight && eight < sixteen);
    }

    void the_page_does_not_depend_on_the_order_of_runs() {
        auto runs = allRuns();
        const std::string page = resultsMarkdown(parse(document), runs, "runs.h5");
        std::reverse(runs.begin(), runs.end());
        QCOMPARE(resultsMarkdown(parse(document), runs, "runs.h5"), page);
    }

    void a_row_without_its_one_run_is_an_error() {
        auto runs = allRuns();
        runs.push_back(run("int4:g8", 0, 0.7, 8));
        QVERIFY(errorOf([&] { resultsMarkdown(parse(document), runs, "runs.h5"); }).contains("int4:g8"));
        runs = allRuns();
        runs[1].calibrationSamples = 32;
        const QString message = errorOf([&] { resultsMarkdown(parse(document), runs, "runs.h5"); });
        QVERIFY2(message.contains("int4:g64+mse on small, 64 samples"), qPrintable(message));
        QVERIFY(errorOf([&] { resultsMarkdown(parse(document), {}, "runs.h5"); }).contains("runs.h5"));
    }

    void mistakes_name_their_field() {
        std::string text = document;
        text.replace(text.find("\"codec\": \"int4:g8\""), 5, "\"codek");
        QVERIFY(errorOf([&] { parse(text); }).contains("codek"));
        QVERIFY(errorOf([&] { parse(R"({"schema": "planish.sweep/1"})"); }).contains("planish.claims/1"));
    }
};

QTEST_APPLESS_MAIN(ClaimsTest)
#include "tst_claims.moc"
