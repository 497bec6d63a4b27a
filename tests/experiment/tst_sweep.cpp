// SPDX-License-Identifier: GPL-3.0-or-later
#include "experiment/sweep.h"
#include "test_support.h"

#include <QTest>

using namespace planish;
using namespace planish::test;

namespace {

SweepSpec parse(const std::string& text) {
    return SweepSpec::fromJson(parseJson(text, "sweep.json"), "sweep.json", "");
}

const char* const small = R"({"schema": "planish.sweep/1", "models": "folio-4m", "texts": ["docs"],
    "codecs": ["int4:g64", "int3:g64"], "context": 64, "windows": 2})";

} // namespace

class SweepTest : public QObject {
    Q_OBJECT

  private slots:
    void a_sweep_is_every_recipe_on_every_model_and_text() {
        const SweepSpec spec = parse(R"({"schema": "planish.sweep/1", "models": ["folio-4m", "folio-23m"],
            "texts": ["docs", "literature"], "codecs": ["int4:g64"], "recipes": ["int4_opt_v1",
            {"schema": "planish.recipe/1", "name": "mine", "default": "bf16", "rules": []}]})");
        const auto runs = spec.runs();
        QCOMPARE(runs.size(), std::size_t{12});
        QCOMPARE(runs[2].recipe.name, std::string("mine"));
        QCOMPARE(runs[11].model, std::string("folio-23m"));
    }

    void only_recipes_that_use_statistics_run_once_for_every_count_of_samples() {
        const auto runs = parse(R"({"schema": "planish.sweep/1", "models": "a", "texts": "b",
            "codecs": ["int4:g64", "int4:g64+mse"], "samples": [8, 16, 32], "calibration_context": 512,
            "calibration_inputs": "original", "token_weights": "gradient"})")
                              .runs();
        QCOMPARE(runs.size(), std::size_t{1 + 3});
        QVERIFY(!runs[0].calibration);
        const CalibrationSettings expected{"calibration", 32, 512, CalibrationInputs::original,
                                           TokenWeighting::gradient};
        QVERIFY(runs[3].calibration == expected);
        QCOMPARE(runs[1].calibration->samples, std::size_t{8});
    }

    void a_recipe_decides_for_itself_when_the_sweep_says_nothing_of_calibration() {
        QVERIFY(!parse(R"({"schema": "planish.sweep/1", "models": "a", "texts": "b",
            "codecs": "int4:g64+mse"})")
                     .runs()[0]
                     .calibration);
        const auto runs = parse(R"({"schema": "planish.sweep/1", "models": "a", "texts": "b",
            "codecs": "int4:g64+mse", "samples": 64})")
                              .runs();
        QCOMPARE(runs.size(), std::size_t{1});
        QCOMPARE(runs[0].calibration->samples, std::size_t{64});
    }

    void what_is_written_reads_back_the_same_data() {
        QTest::addColumn<QString>("text");
        QTest::newRow("plain") << small;
        QTest::newRow("calibrated") << R"({"schema": "planish.sweep/1", "models": "a", "texts": "b",
            "codecs": ["int4:g64+mse"], "calibration": "docs", "samples": [8, 16]})";
        QTest::newRow("weighted") << R"({"schema": "planish.sweep/1", "models": "a", "texts": "b",
            "codecs": ["int4:g64+mse"], "token_weights": "gradient"})";
    }

    void what_is_written_reads_back_the_same() {
        QFETCH(QString, text);
        const SweepSpec spec = parse(text.toStdString());
        QCOMPARE(SweepSpec::fromJson(spec.toJson(), "again", "").toJson().dump(), spec.toJson().dump());
    }

    void mistakes_name_their_field_data() {
        QTest::addColumn<QString>("text");
        QTest::addColumn<QString>("field");
        QTest::newRow("no schema") << R"({"models": "a", "texts": "b", "codecs": ["int4"]})"
                                   << "schema";
        QTest::newRow("other schema")
            << R"({"schema": "planish.sweep/9", "models": "a", "texts": "b", "codecs": ["int4"]})"
            << "planish.sweep/9";
        QTest::newRow("unknown key") << R"({"schema": "planish.sweep/1", "model": "a"})"
                                     << "models";
        QTest::newRow("no codec") << R"({"schema": "planish.sweep/1", "models": "a", "texts": "b"})"
                                  << "codecs";
        QTest::newRow("empty list")
            << R"({"schema": "planish.sweep/1", "models": [], "texts": "b", "codecs": "int4"})"
            << "models";
        QTest::newRow("wrong type")
            << R"({"schema": "planish.sweep/1", "models": [3], "texts": "b", "codecs": "int4"})"
            << "models[0]";
        QTest::newRow("bad codec")
            << R"({"schema": "planish.sweep/1", "models": "a", "texts": "b", "codecs": "int9"})"
            << "int9";
        QTest::newRow("negative")
            << R"({"schema": "planish.sweep/1", "models": "a", "texts": "b", "codecs": "int4", "windows": -1})"
            << "windows";
        QTest::newRow("no samples")
            << R"({"schema": "planish.sweep/1", "models": "a", "texts": "b", "codecs": "int4", "samples": [8, 0]})"
            << "samples[1]";
        QTest::newRow("samples of another type")
            << R"({"schema": "planish.sweep/1", "models": "a", "texts": "b", "codecs": "int4", "samples": "8"})"
            << "samples";
        QTest::newRow("inputs of nothing known")
            << R"({"schema": "planish.sweep/1", "models": "a", "texts": "b", "codecs": "int4",
                   "calibration_inputs": "mine"})"
            << "quantized or original";
        QTest::newRow("weights of nothing known")
            << R"({"schema": "planish.sweep/1", "models": "a", "texts": "b", "codecs": "int4",
                   "token_weights": "mine"})"
            << "equal, gradient or kronecker";
        QTest::newRow("a rate of nothing")
            << R"({"schema": "planish.sweep/1", "models": "a", "texts": "b", "codecs": "int4", "training_rate": 0})"
            << "training_rate: expected above 0";
        QTest::newRow("no preset")
            << R"({"schema": "planish.sweep/1", "models": "a", "texts": "b", "recipes": ["int4_opt_v2"]})"
            << "int4_opt_v1";
    }

    void mistakes_name_their_field() {
        QFETCH(QString, text);
        QFETCH(QString, field);
        const QString message = errorOf([&] { parse(text.toStdString()); });
        QVERIFY2(message.contains(field), qPrintable(message));
    }

    void recorded_runs_are_not_repeated_and_a_failing_one_does_not_stop_the_others() {
        auto runs = parse(small).runs();
        runs.insert(runs.begin(), runs.front());
        runs.front().model = "no-such-model";
        Workers workers(2);
        RunExecutor executor(workers);
        SilentMonitor monitor;
        std::vector<std::string> finished;
        const std::set<std::string> recorded{executor.identify(runs[1], monitor)};
        const auto outcomes = runSweep(runs, recorded, executor, monitor,
                                       [&](const RunRecord& run) { finished.push_back(run.id); });
        QCOMPARE(outcomes.size(), std::size_t{3});
        QVERIFY(outcomes[0].error.find("no-such-model") != std::string::npos);
        QVERIFY(outcomes[1].alreadyRecorded && outcomes[1].error.empty());
        QCOMPARE(finished, std::vector<std::string>{outcomes[2].id});
    }

    void a_run_that_cannot_be_recorded_ends_the_sweep() {
        Workers workers(2);
        RunExecutor executor(workers);
        SilentMonitor monitor;
        const QString message = errorOf([&] {
            runSweep(parse(small).runs(), {}, executor, monitor,
                     [](const RunRecord&) { throw Error("disk full"); });
        });
        QCOMPARE(message, QString("disk full"));
    }
};

QTEST_APPLESS_MAIN(SweepTest)
#include "tst_sweep.moc"
