// SPDX-License-Identifier: GPL-3.0-or-later
#include "evaluation/evaluate.h"
#include "evaluation/token_losses.h"
#include "experiment/side_by_side.h"
#include "model/model.h"
#include "test_support.h"

#include <QTest>
#include <cmath>
#include <numeric>

using namespace planish;
using namespace planish::test;

namespace {

const std::string passage = "The café was closed, and the rain had not stopped since the morning.";

SideBySide look(const SideBySideSpec& spec) {
    Workers workers(2);
    SilentMonitor monitor;
    return lookSideBySide(spec, workers, monitor);
}

SideBySideModel stored(const std::string& codec) {
    return {codec, Recipe::uniform(codec), 0, std::nullopt};
}

} // namespace

class SideBySideTest : public QObject {
    Q_OBJECT

  private slots:
    void losses_of_tokens_add_up_to_the_loss_of_the_window() {
        Workers workers(2);
        SilentMonitor monitor;
        const Model model = Model::open("folio-4m");
        const OriginalWeights weights(model);
        const auto ids = Tokenizer::open(model.path()).encode(passage);
        const std::vector<double> losses = tokenLosses(weights, ids, workers, monitor);
        QCOMPARE(losses.size(), ids.size());
        QVERIFY(std::isnan(losses.front()));
        const double sum = std::accumulate(losses.begin() + 1, losses.end(), 0.0);
        const WindowPlan plan{1, ids.size(), 1, ids};
        const double window = evaluateLoss(weights, plan, workers, monitor).nllSum;
        QVERIFY2(std::abs(sum - window) < 1e-9 * window, qPrintable(QString::number(sum - window)));
    }

    void every_model_scores_every_token() {
        const SideBySide read = look({"folio-4m", "", {stored("bf16"), stored("int2:g64")}, passage, "", 0});
        QCOMPARE(read.names, (std::vector<std::string>{"unquantized", "bf16", "int2:g64"}));
        std::string text;
        double unquantized = 0;
        double coarse = 0;
        for (const ScoredToken& token : read.tokens) {
            text += token.text;
            QCOMPARE(token.nll.size(), std::size_t{3});
            if (std::isfinite(token.nll[0])) {
                // bf16 stores this model exactly.
                QCOMPARE(token.nll[1], token.nll[0]);
                unquantized += token.nll[0];
                coarse += token.nll[2];
            }
        }
        QCOMPARE(text, passage);
        QVERIFY(coarse > unquantized);
        QVERIFY(read.continuations.empty());
    }

    void all_continue_the_same_prompt_with_the_same_draws() {
        SideBySideSpec spec{"folio-4m", "", {stored("bf16"), stored("int3:g64")}, "", "It was late", 16};
        spec.sampling = {0.8, 7};
        const SideBySide read = look(spec);
        QVERIFY(read.tokens.empty());
        QCOMPARE(read.continuations.size(), std::size_t{3});
        QVERIFY(!read.continuations[0].empty());
        QCOMPARE(read.continuations[1], read.continuations[0]);
        QVERIFY(read.continuations[2] != read.continuations[0]);
        QCOMPARE(look(spec).continuations, read.continuations);
    }

    void another_model_and_too_long_a_text_are_refused() {
        const QString other = errorOf([] { look({"folio-4m", "0123456789abcdef", {}, passage, "", 0}); });
        QVERIFY2(other.contains(QStringLiteral("0123456789ab")), qPrintable(other));
        std::string longText;
        for (int i = 0; i < 2000; ++i) {
            longText += passage;
        }
        const QString tooLong = errorOf([&] { look({"folio-4m", "", {}, longText, "", 0}); });
        QVERIFY2(tooLong.contains(QStringLiteral("tokens")), qPrintable(tooLong));
    }

    void the_model_of_a_run_is_calibrated_as_the_run_was() {
        RunRecord run;
        run.name = "x";
        QVERIFY(!SideBySideModel::of(run).calibration);
        run.calibration = "docs";
        run.calibrationSamples = 16;
        run.calibrationContext = 128;
        run.calibrationInputs = "original";
        const CalibrationSettings expected{"docs", 16, 128, CalibrationInputs::original};
        QVERIFY(SideBySideModel::of(run).calibration == expected); // of an older document
        run.tokenWeights = "gradient";
        QVERIFY(SideBySideModel::of(run).calibration->tokens == TokenWeighting::gradient);
    }
};

QTEST_GUILESS_MAIN(SideBySideTest)
#include "tst_side_by_side.moc"
