// SPDX-License-Identifier: GPL-3.0-or-later
#include "evaluation/corpus.h"
#include "evaluation/evaluate.h"
#include "experiment/run_executor.h"
#include "experiment/sweep.h"
#include "experiment/trained_quantization.h"
#include "test_support.h"

#include <QRegularExpression>
#include <QTemporaryDir>
#include <QTest>
#include <algorithm>

using namespace planish;
using namespace planish::test;

namespace {

/// Stops after a number of reports that training has made.
class StoppingMonitor final : public JobMonitor {
  public:
    explicit StoppingMonitor(int reports) : left_(reports) {}
    void report(const Progress& progress) override { left_ -= progress.stage == "train" ? 1 : 0; }
    bool cancelled() const override { return left_ <= 0; }

  private:
    int left_;
};

/// folio-4m with a short text, a few samples and small steps.
class Setup {
  public:
    explicit Setup(const Json& rules, int threads = 2, TrainingCache* cache = nullptr)
        : workers_(threads), cache_(cache) {
        const Corpus corpus = Corpus::open("calibration");
        const auto ids = Tokenizer::open(model_.path()).encode(corpus.text.substr(0, 100000));
        CalibrationSettings settings{"calibration",         16, 128,   CalibrationInputs::quantized,
                                     TokenWeighting::equal, "", 40000, 0.01};
        calibration_ = planCalibration(settings, model_, corpus.name, corpus.sha256, ids);
        training_ = planTraining(settings, model_, corpus.name, corpus.sha256, ids);
        training_.windowsAStep = 4;
        training_.steps = 14;
        const Json recipe{
            {"schema", "planish.recipe/1"}, {"name", "test"}, {"default", "bf16"}, {"rules", rules}};
        codecs_ = resolve(Recipe::fromJson(recipe, "test"), model_.tensors(), true);
        text_ = planWindows(Tokenizer::open(model_.path()).encode(Corpus::open("literature").text),
                            {Convention::standard, 128, 32, 0}, std::nullopt);
    }

    void setSteps(std::size_t steps) { training_.steps = steps; }
    void setTokenWeights(TokenWeighting tokens) { calibration_.tokens = tokens; }
    QuantizedModel trained() {
        SilentMonitor monitor;
        return trained(monitor);
    }
    QuantizedModel trained(JobMonitor& monitor) {
        return quantizeTrained(model_, {codecs_, 7, &calibration_}, training_, cache_, workers_, monitor);
    }
    QuantizedModel untrained() {
        SilentMonitor monitor;
        return quantizeModel(model_, {codecs_, 7, &calibration_}, workers_, monitor);
    }
    double divergence(const QuantizedModel& quantized) {
        SilentMonitor monitor;
        return evaluateAgainst(quantized.model, OriginalWeights(model_), text_, workers_, monitor)
            .divergence.mean;
    }

  private:
    Model model_ = Model::open("folio-4m");
    Workers workers_;
    TrainingCache* cache_;
    CalibrationPlan calibration_;
    TrainingPlan training_;
    std::vector<Codec> codecs_;
    WindowPlan text_;
};

Json linearsIn(const char* codec) {
    return {{{"match", "attention"}, {"codec", codec}}, {{"match", "mlp"}, {"codec", codec}}};
}

const Json everything = linearsIn("int3:g64+gptq+qat");

bool sameBytes(const QuantizedModel& a, const QuantizedModel& b) {
    return std::equal(a.model.tensors().begin(), a.model.tensors().end(), b.model.tensors().begin(),
                      b.model.tensors().end(), [](const PackedTensor& one, const PackedTensor& other) {
                          return one.bytes == other.bytes;
                      });
}

} // namespace

class TrainedQuantizationTest : public QObject {
    Q_OBJECT

  private slots:
    /// On a text that is neither trained nor calibrated on.
    void a_little_training_costs_no_bits_and_saves_much_of_the_divergence() {
        Setup setup(linearsIn("int2:g64+gptq+qat"));
        setup.setSteps(42);
        const QuantizedModel trained = setup.trained();
        const QuantizedModel untrained = setup.untrained();
        QCOMPARE(trained.trainingLoss.size(), std::size_t{42});
        QVERIFY(untrained.trainingLoss.empty());
        for (std::size_t i = 0; i < trained.tensors.size(); ++i) {
            QCOMPARE(trained.tensors[i].bytes, untrained.tensors[i].bytes);
            QCOMPARE(trained.tensors[i].codec, untrained.tensors[i].codec);
        }
        const double with = setup.divergence(trained);
        const double without = setup.divergence(untrained);
        QVERIFY2(with < 0.92 * without, qPrintable(QString("%1 against %2").arg(with).arg(without)));
    }

    void threads_make_no_difference() {
        QVERIFY(sameBytes(Setup(everything, 1).trained(), Setup(everything, 3).trained()));
    }

    void what_is_not_trained_is_packed_first_and_the_rest_makes_up_for_it() {
        Setup setup(Json{{{"match", "mlp"}, {"codec", "int2:g64+gptq"}}});
        Setup mixed(Json{{{"match", "mlp"}, {"codec", "int2:g64+gptq"}},
                         {{"match", "attention"}, {"codec", "int4:g64+gptq+qat"}}});
        const QuantizedModel plain = setup.untrained();
        const QuantizedModel trained = mixed.trained();
        QVERIFY(mixed.divergence(trained) < 0.9 * setup.divergence(plain));
    }

    void recovery_leaves_codes_as_they_are() {
        Setup setup(Json{{{"match", "mlp"}, {"codec", "int2:g64+gptq+recover"}}});
        const QuantizedModel plain = setup.untrained();
        const QuantizedModel recovered = setup.trained();
        Workers workers(2);
        for (std::size_t i = 0; i < plain.tensors.size(); ++i) {
            const Codec codec = Codec::parse(plain.tensors[i].codec);
            const PackedTensor& before = plain.model.tensors()[i];
            PackedTensor after = recovered.model.tensors()[i];
            QVERIFY(after.bytes != before.bytes);
            Matrix coordinates = codec.coordinates(before, workers);
            codec.writeCoordinates(coordinates, after, workers);
            QCOMPARE(after.bytes == before.bytes, !codec.isFloat());
        }
        QVERIFY(setup.divergence(recovered) < 0.85 * setup.divergence(plain));
    }

    void scales_go_on_learning_between_roundings() {
        Setup once(linearsIn("int2:g64+gptq+qat"));
        Setup on(linearsIn("int2:g64+gptq+qat+recover"));
        once.setSteps(42);
        on.setSteps(42);
        const double with = on.divergence(on.trained());
        const double without = once.divergence(once.trained());
        QVERIFY2(with < 0.99 * without, qPrintable(QString("%1 against %2").arg(with).arg(without)));
    }

    void a_finished_training_is_not_done_again() {
        const QTemporaryDir folder;
        TrainingCache cache(folder.path().toStdString(), TrainingCache::usualLimit);
        Setup setup(everything, 2, &cache);
        const QuantizedModel first = setup.trained();
        QCOMPARE(cache.entries(), std::size_t{1});
        StoppingMonitor none(1); // would stop at the first step
        const QuantizedModel second = setup.trained(none);
        QVERIFY(sameBytes(first, second));
        QCOMPARE(second.trainingLoss, first.trainingLoss);
    }

    void a_stopped_training_throws_and_keeps_nothing_half_done() {
        const QTemporaryDir folder;
        TrainingCache cache(folder.path().toStdString(), TrainingCache::usualLimit);
        Setup setup(everything, 2, &cache);
        StoppingMonitor soon(5);
        QVERIFY_EXCEPTION_THROWN(setup.trained(soon), Cancelled);
        QVERIFY(sameBytes(setup.trained(), Setup(everything).trained()));
    }

    void stages_that_presume_the_weights_of_the_file_are_refused() {
        for (const char* codec :
             {"int3:g64+awq:folded+mse+qat", "int3:g64+gptq:asymmetric+qat", "int3:g64+tune+qat"}) {
            Setup setup(Json{{{"match", "mlp"}, {"codec", codec}}});
            QVERIFY(errorOf([&] { setup.trained(); }).contains("+awq:folded"));
        }
    }

    void token_weights_reach_what_is_packed_between() {
        Setup setup(Json{{{"match", "down"}, {"codec", "int3:g128+gptq+qat"}}});
        std::vector<double> divergences;
        for (const TokenWeighting tokens : tokenWeightings) {
            setup.setTokenWeights(tokens);
            divergences.push_back(setup.divergence(setup.trained()));
        }
        QVERIFY(divergences[0] != divergences[1] && divergences[1] != divergences[2]);
    }

    void models_without_gradients_are_refused() {
        const Model model = Model::open(fixture("architectures/qwen3").string());
        std::vector<TokenId> ids(20000, 1);
        CalibrationSettings settings{"ids", 4,     24,  CalibrationInputs::quantized, TokenWeighting::equal,
                                     "",    40000, 0.01};
        QVERIFY(errorOf([&] {
                    planTraining(settings, model, "ids", "0", ids);
                }).contains(QRegularExpression("qwen3.*norms of queries and keys")));
    }

    void a_budget_of_less_than_a_step_for_each_kind_is_refused() {
        const Model model = Model::open("folio-4m");
        const std::vector<TokenId> ids(20000, 1);
        CalibrationSettings settings;
        settings.trainingTokens = 20000;
        QVERIFY(errorOf([&] { planTraining(settings, model, "ids", "0", ids); }).contains("28672"));
        settings.trainingTokens = 28672;
        const TrainingPlan plan = planTraining(settings, model, "ids", "0", ids);
        QCOMPARE(plan.steps, std::size_t{7});
        QCOMPARE(plan.tokens(), std::size_t{28672});
        QVERIFY(plan.windows.windows < plan.steps * plan.windowsAStep); // the text is gone through again
    }

    void a_sweep_counts_a_training_once_for_all_texts() {
        class Watch final : public JobMonitor {
          public:
            void report(const Progress& progress) override {
                if (progress.stage.starts_with("run 1 of 2") && progress.total > 0) {
                    farthest = std::max(farthest, static_cast<double>(progress.done) /
                                                      static_cast<double>(progress.total));
                }
            }
            bool cancelled() const override { return false; }
            double farthest = 0; ///< of the sweep, during its first run
        };
        const QTemporaryDir folder;
        Workers workers(2);
        RunExecutor executor(
            workers, {},
            {StatisticsCache("", 0), TrainingCache(folder.path().toStdString(), TrainingCache::usualLimit)});
        RunSpec spec{"folio-4m", Recipe::uniform("int3:g64+recover"), "literature", {}, 0};
        spec.evaluation = {Convention::standard, 128, 2, 0};
        spec.calibration = CalibrationSettings{
            "calibration", 8, 128, CalibrationInputs::quantized, TokenWeighting::equal, "docs", 30000, 0.004};
        RunSpec other = spec;
        other.corpus = "docs";
        Watch watch;
        QCOMPARE(runSweep({spec, other}, {}, executor, watch, [](const RunRecord&) {}).size(),
                 std::size_t{2});
        QVERIFY2(watch.farthest > 0.9, qPrintable(QString::number(watch.farthest)));
    }

    void a_run_trains_and_says_on_what() {
        const QTemporaryDir folder;
        const std::string place = folder.path().toStdString();
        Workers workers(2);
        SilentMonitor monitor;
        RunSpec spec{"folio-4m", Recipe::uniform("int3:g64+gptq+qat"), "literature", {}, 0};
        spec.evaluation = {Convention::standard, 128, 8, 0};
        spec.calibration = CalibrationSettings{
            "calibration", 8, 128, CalibrationInputs::quantized, TokenWeighting::equal, "docs", 30000, 0.004};
        RunExecutor executor(workers, {},
                             {StatisticsCache("", 0), TrainingCache(place, TrainingCache::usualLimit)});
        const RunEstimate estimate = executor.estimate(spec);
        QVERIFY(std::any_of(estimate.time.begin(), estimate.time.end(),
                            [](const EstimateTerm& term) { return term.name == "train" && term.value > 0; }));
        const RunRecord run = executor.execute(spec, monitor);
        QCOMPARE(run.trainingTokens, std::uint64_t{28672});
        QCOMPARE(run.trainingRate, 0.004);
        QCOMPARE(run.trainingLoss.size(), std::size_t{7});
        QCOMPARE(run.calibration, std::string("calibration"));
        QCOMPARE(run.training, std::string("docs"));
        QVERIFY(run.command.find("--training 'docs' --training-tokens 28672 --training-rate 0.004") !=
                std::string::npos);
        QVERIFY(std::any_of(run.warnings.begin(), run.warnings.end(), [](const std::string& warning) {
            return warning.find("fewer than 8 for each of the 768 inputs") != std::string::npos;
        }));
        RunSpec other = spec;
        other.calibration->trainingText = "";
        QVERIFY(executor.identify(other, monitor) != run.id);
        other = spec;
        other.calibration->trainingRate = 0.005;
        QVERIFY(executor.identify(other, monitor) != run.id);
        // Without +qat the numbers of a training are nobody's.
        other.recipe = Recipe::uniform("int3:g64+gptq");
        const std::string id = executor.identify(other, monitor);
        other.calibration->trainingTokens = 1;
        QCOMPARE(executor.identify(other, monitor), id);
    }
};

QTEST_GUILESS_MAIN(TrainedQuantizationTest)
#include "tst_trained_quantization.moc"
