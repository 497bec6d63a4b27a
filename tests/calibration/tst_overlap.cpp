// SPDX-License-Identifier: GPL-3.0-or-later
#include "calibration/overlap.h"

#include <QElapsedTimer>
#include <QTest>
#include <algorithm>
#include <numeric>
#include <random>
#include <set>
#include <vector>

using namespace planish;

namespace {

using Tokens = std::vector<TokenId>;

Tokens randomTokens(std::size_t count, TokenId vocabulary, unsigned seed) {
    std::mt19937 random(seed);
    std::uniform_int_distribution<TokenId> token(0, vocabulary - 1);
    Tokens tokens(count);
    std::generate(tokens.begin(), tokens.end(), [&] { return token(random); });
    return tokens;
}

/// first, first + 1, ...: no run occurs twice.
Tokens rising(TokenId first, std::size_t count) {
    Tokens tokens(count);
    std::iota(tokens.begin(), tokens.end(), first);
    return tokens;
}

Tokens joined(const std::vector<Tokens>& parts) {
    Tokens all;
    for (const Tokens& part : parts) {
        all.insert(all.end(), part.begin(), part.end());
    }
    return all;
}

/// The definition, word for word, in a tree of runs.
double plainOverlap(const Tokens& calibration, std::size_t calibrationContext, const Tokens& evaluation,
                    std::size_t evaluationContext) {
    const auto runs = [](const Tokens& tokens, std::size_t context) {
        std::vector<std::pair<Tokens, std::size_t>> found;
        for (std::size_t i = 0; i + overlapRun <= tokens.size(); ++i) {
            if (i / context == (i + overlapRun - 1) / context) {
                const auto begin = tokens.begin() + static_cast<std::ptrdiff_t>(i);
                found.emplace_back(Tokens(begin, begin + static_cast<std::ptrdiff_t>(overlapRun)), i);
            }
        }
        return found;
    };
    std::set<Tokens> known;
    for (const auto& [run, begin] : runs(calibration, calibrationContext)) {
        known.insert(run);
    }
    std::vector<bool> covered(evaluation.size(), false);
    for (const auto& [run, begin] : runs(evaluation, evaluationContext)) {
        if (known.contains(run)) {
            std::fill_n(covered.begin() + static_cast<std::ptrdiff_t>(begin), overlapRun, true);
        }
    }
    return static_cast<double>(std::count(covered.begin(), covered.end(), true)) /
           static_cast<double>(evaluation.size());
}

} // namespace

class OverlapTest : public QObject {
    Q_OBJECT

  private slots:
    void a_text_overlaps_itself_whole() {
        const Tokens tokens = randomTokens(1000, 2048, 1);
        QCOMPARE(overlap(tokens, 100, tokens, 100), 1.0);
        QCOMPARE(overlap(tokens, 0, tokens, 0), 1.0);
        QCOMPARE(overlap(tokens, 5000, tokens, 250), 1.0);
    }

    void texts_of_other_tokens_do_not_overlap() {
        QCOMPARE(overlap(rising(0, 500), 100, rising(500, 500), 100), 0.0);
        // Nor do independent texts of the same tokens.
        QCOMPARE(overlap(randomTokens(100'000, 2048, 1), 512, randomTokens(100'000, 2048, 2), 512), 0.0);
    }

    void what_is_copied_is_what_counts() {
        // 30 and 20 tokens of 100 from the calibration text, and 19, which are no run.
        const Tokens calibration = rising(0, 200);
        const Tokens evaluation = joined({rising(1000, 10), rising(50, 30), rising(2000, 1), rising(100, 20),
                                          rising(3000, 10), rising(20, 19), rising(4000, 10)});
        QCOMPARE(evaluation.size(), std::size_t{100});
        QCOMPARE(overlap(calibration, 200, evaluation, 100), 0.5);
    }

    void a_token_counts_once_however_many_runs_it_is_in() {
        const Tokens same(300, 7);
        QCOMPARE(overlap(same, 100, joined({same, rising(100, 300)}), 600), 0.5);
    }

    void runs_do_not_cross_the_windows_of_either_text() {
        const Tokens text = rising(0, 60);
        // Halves of 30 tokens; a window border of the calibration text in the middle of the run leaves 10
        // + 10.
        QCOMPARE(overlap(rising(0, 20), 10, text, 60), 0.0);
        QCOMPARE(overlap(rising(0, 40), 20, text, 60), 40.0 / 60);
        // The run 20…39 crosses the border of the evaluation's windows at 30.
        QCOMPARE(overlap(rising(20, 20), 20, text, 30), 0.0);
        QCOMPARE(overlap(rising(20, 20), 20, text, 20), 20.0 / 60);
        // The last window may be shorter: 50…59 is too short a window for a run.
        QCOMPARE(overlap(text, 60, text, 50), 50.0 / 60);
    }

    void windows_shorter_than_a_run_share_nothing() {
        const Tokens tokens = rising(0, 190);
        QCOMPARE(overlap(tokens, 19, tokens, 19), 0.0);
        QCOMPARE(overlap(tokens, 1, tokens, 190), 0.0);
        QCOMPARE(overlap(rising(0, 19), 0, rising(0, 19), 0), 0.0);
        QCOMPARE(overlap(rising(0, 20), 0, rising(0, 20), 0), 1.0);
    }

    void empty_texts_do_not_overlap() {
        QCOMPARE(overlap({}, 0, {}, 0), 0.0);
        QCOMPARE(overlap({}, 100, rising(0, 100), 100), 0.0);
        QCOMPARE(overlap(rising(0, 100), 100, {}, 100), 0.0);
    }

    void it_is_what_the_definition_says_data() {
        QTest::addColumn<int>("vocabulary");
        QTest::addColumn<std::size_t>("calibrationContext");
        QTest::addColumn<std::size_t>("evaluationContext");
        for (const int vocabulary : {1, 2, 3}) {
            for (const std::size_t context : {20U, 21U, 64U, 333U}) {
                QTest::addRow("%d tokens, %d", vocabulary, static_cast<int>(context))
                    << vocabulary << context << std::size_t{97};
            }
        }
    }

    void it_is_what_the_definition_says() {
        QFETCH(int, vocabulary);
        QFETCH(std::size_t, calibrationContext);
        QFETCH(std::size_t, evaluationContext);
        // Few tokens and copied stretches: many runs that almost agree.
        const Tokens source = randomTokens(400, vocabulary, 5);
        std::mt19937 random(6);
        const auto collage = [&] {
            std::vector<Tokens> parts;
            for (int i = 0; i < 60; ++i) {
                const auto begin = static_cast<std::ptrdiff_t>(random() % 350);
                const auto count = static_cast<std::ptrdiff_t>(10 + random() % 40);
                parts.emplace_back(source.begin() + begin, source.begin() + begin + count);
                parts.push_back(randomTokens(random() % 30, vocabulary, static_cast<unsigned>(random())));
            }
            return joined(parts);
        };
        const Tokens calibration = collage();
        const Tokens evaluation = collage();
        const double expected = plainOverlap(calibration, calibrationContext, evaluation, evaluationContext);
        QVERIFY(expected > 0);
        QCOMPARE(overlap(calibration, calibrationContext, evaluation, evaluationContext), expected);
    }

    void ids_of_any_value_are_told_apart() {
        Tokens tokens(20, 0);
        Tokens shorter(21, 0);
        shorter.front() = -1;
        QCOMPARE(overlap(tokens, 20, shorter, 21), 20.0 / 21);
        tokens.front() = 2'147'483'647;
        QCOMPARE(overlap(tokens, 20, shorter, 21), 0.0);
    }

    void a_million_tokens_take_no_time_to_speak_of() {
        const Tokens a = randomTokens(1'000'000, 128'000, 1);
        const Tokens same(1'000'000, 3);
        QElapsedTimer timer;
        timer.start();
        QCOMPARE(overlap(a, 2048, a, 2048), 1.0);
        QCOMPARE(overlap(same, 2048, same, 512), 1.0);
        QVERIFY2(timer.elapsed() < 20'000, qPrintable(QString::number(timer.elapsed())));
    }
};

QTEST_GUILESS_MAIN(OverlapTest)
#include "tst_overlap.moc"
