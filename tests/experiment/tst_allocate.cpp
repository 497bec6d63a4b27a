// SPDX-License-Identifier: GPL-3.0-or-later
#include "experiment/allocate.h"
#include "test_support.h"

#include <QTemporaryDir>
#include <QTest>
#include <cmath>

using namespace planish;
using namespace planish::test;

/// The whole way on folio-4m: noise, errors of codecs, mixes, and what they measure.
class AllocateTest : public QObject {
    Q_OBJECT

    Workers workers_{2};
    SilentMonitor monitor_;
    QTemporaryDir folder_;
    StatisticsCache statistics_{folder_.filePath("statistics").toStdString(), std::uint64_t{1} << 30};
    SensitivitySpec spec_;
    std::optional<SensitivityRecord> record_;

    SensitivityRecord study(std::optional<SensitivityRecord> known = {}) {
        return studySensitivity(spec_, std::move(known), workers_, statistics_, std::uint64_t{1} << 30,
                                monitor_);
    }
    RunSpec runSpec() const {
        RunSpec run;
        run.model = "folio-4m";
        run.corpus = "calibration";
        run.evaluation = spec_.evaluation;
        run.calibration = spec_.calibration;
        return run;
    }

  private slots:
    void initTestCase() {
        spec_.model = "folio-4m";
        spec_.evaluation = {Convention::standard, 128, 8, 0, false};
        spec_.noise.mostRepeats = 2;
        spec_.codecs = {"int4:g64", "int5:g64", "int6:g64"};
        record_ = study();
    }

    void a_study_names_what_it_was_measured_on_and_every_codec_on_every_linear() {
        QCOMPARE(record_->id.size(), std::size_t{16});
        QCOMPARE(record_->id, identifySensitivity(spec_, workers_, monitor_));
        QCOMPARE(record_->corpus, std::string("calibration"));
        QCOMPARE(record_->windows, std::uint64_t{8});
        QCOMPARE(record_->costs.size(), std::size_t{3 * 28});
        const CodecCost* cost = record_->cost("model.layers.2.mlp.up_proj", "int4:g64");
        QVERIFY(cost != nullptr);
        QCOMPARE(cost->bytes, std::uint64_t{Codec::parse("int4:g64").packedBytes({768, 256})});
        QVERIFY(cost->error > 0.004 && cost->error < 0.02);
    }

    void what_is_known_is_not_measured_again() {
        const auto count = record_->sensitivity.tensors.size();
        SensitivityRecord known = *record_;
        for (TensorSensitivity& tensor : known.sensitivity.tensors) {
            tensor.divergence = 42; // would be another value if it were measured
        }
        spec_.codecs.push_back("int3:g64");
        const SensitivityRecord more = study(known);
        spec_.codecs.pop_back();
        QCOMPARE(more.sensitivity.tensors.size(), count);
        QCOMPARE(more.sensitivity.tensors.front().divergence, 42.0);
        QCOMPARE(more.costs.size(), std::size_t{4 * 28});
        SensitivitySpec other = spec_;
        other.noise.seed = 5;
        QVERIFY(identifySensitivity(other, workers_, monitor_) != record_->id);
    }

    /// The claim that costs add up, on a run that has errors in all tensors at once.
    void a_uniform_run_measures_what_was_predicted_for_it() {
        RunExecutor executor(workers_);
        RunSpec run = runSpec();
        for (const char* codec : {"int5:g64", "int4:g64"}) {
            run.recipe = Recipe::uniform(codec);
            const RunRecord measured = executor.execute(run, monitor_);
            const Prediction predicted = predictRun(*record_, measured.tensors);
            const double off = predicted.divergence / measured.kldMean - 1;
            QVERIFY2(std::abs(off) < 0.12, qPrintable(QString("%1: %2 predicted, %3 measured")
                                                          .arg(codec)
                                                          .arg(predicted.divergence)
                                                          .arg(measured.kldMean)));
        }
    }

    /// Rounding that looks at the inputs makes larger errors of weights that cost less: they are counted by
    /// what they do to outputs.
    void errors_of_calibrated_codecs_count_as_the_noise_that_harms_as_much() {
        SensitivitySpec spec = spec_;
        spec.codecs = {"int3:g64+gptq", "int3:g64"};
        spec.calibration = CalibrationSettings{"calibration", 16, 128, CalibrationInputs::quantized};
        const SensitivityRecord record =
            studySensitivity(spec, *record_, workers_, statistics_, std::uint64_t{1} << 30, monitor_);
        QVERIFY(!record.calibration.empty());
        for (const TensorSensitivity& tensor : record.sensitivity.tensors) {
            if (tensor.role == "embedding") {
                continue;
            }
            const double plain = record.cost(tensor.name, "int3:g64")->error;
            const double rounded = record.cost(tensor.name, "int3:g64+gptq")->error;
            QVERIFY2(rounded < 0.8 * plain, qPrintable(QString::fromStdString(tensor.name)));
        }
    }

    void the_answer_is_measured_and_no_worse_than_the_best_single_codec() {
        AllocationSpec allocation;
        allocation.mix.budget = {MixBudget::Kind::bitsPerWeight, 5.6};
        allocation.run = runSpec();
        RunExecutor executor(workers_);
        std::size_t told = 0;
        const Model model = Model::open("folio-4m");
        const AllocationResult result =
            allocate(*record_, allocation, model, executor, monitor_, [&](const RunRecord&) { ++told; });
        QCOMPARE(told, result.measured.size());
        QVERIFY(result.measured.size() >= 2);
        QVERIFY(result.measured.front().isUniform);
        QCOMPARE(result.measured.front().run.recipe.rules.front().codec, std::string("int5:g64"));
        const MeasuredMix& best = result.measured[result.best];
        QVERIFY(!best.isUniform);
        QVERIFY(best.run.kldMean < result.measured.front().run.kldMean);
        QVERIFY(best.run.bitsPerWeight <= 5.6);
        QCOMPARE(best.run.packedBytes, best.mix.size.totalBytes);
        QVERIFY(std::abs(best.mix.prediction.divergence / best.run.kldMean - 1) < 0.12);
        QVERIFY(result.againstUniform.incomparable.empty());
        const Json json = toJson(result);
        QVERIFY(json["measured"]["kld_mean"] == best.run.kldMean);
        QVERIFY(json["against_uniform"].contains("significant"));
    }

    void a_budget_no_single_codec_meets_still_gets_a_mix_and_an_impossible_one_an_error() {
        AllocationSpec allocation;
        allocation.mix.budget = {MixBudget::Kind::bitsPerWeight, 2};
        allocation.run = runSpec();
        RunExecutor executor(workers_);
        const Model model = Model::open("folio-4m");
        const QString message = errorOf([&] {
            allocate(*record_, allocation, model, executor, monitor_,
                     [](const RunRecord&) { QFAIL("measured"); });
        });
        QVERIFY2(message.contains("at least 4.5"), qPrintable(message));
    }
};

QTEST_APPLESS_MAIN(AllocateTest)
#include "tst_allocate.moc"
