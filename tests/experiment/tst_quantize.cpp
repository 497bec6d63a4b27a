// SPDX-License-Identifier: GPL-3.0-or-later
#include "calibration/calibrator.h"
#include "evaluation/corpus.h"
#include "experiment/quantize.h"
#include "experiment/run_executor.h"
#include "test_support.h"
#include "tokenizer/tokenizer.h"

#include <QTemporaryDir>
#include <QTest>
#include <fstream>
#include <random>

using namespace planish;
using namespace planish::test;

namespace {

/// folio-4m with a few samples, and what quantizing it needs.
class Setup {
  public:
    explicit Setup(const Json& recipe, int threads = 2, StatisticsCache* cache = nullptr,
                   CalibrationInputs inputs = CalibrationInputs::quantized)
        : workers_(threads), cache_(cache) {
        const Corpus corpus = Corpus::open("calibration");
        const auto ids = Tokenizer::open(model_.path()).encode(corpus.text.substr(0, 100000));
        plan_ = planCalibration({"calibration", 12, 256, inputs}, model_, corpus.name, corpus.sha256, ids);
        codecs_ = resolve(Recipe::fromJson(recipe, "test"), model_.tensors(), true);
    }

    QuantizedModel quantize() {
        SilentMonitor monitor;
        return quantize(monitor);
    }
    QuantizedModel quantize(JobMonitor& monitor) {
        return quantizeModel(model_, {codecs_, 7, &plan_, cache_}, workers_, monitor);
    }
    const Model& model() const { return model_; }

  private:
    Model model_ = Model::open("folio-4m");
    Workers workers_;
    StatisticsCache* cache_;
    CalibrationPlan plan_;
    std::vector<Codec> codecs_;
};

Json recipeOf(const std::vector<std::pair<std::string, std::string>>& rules) {
    Json recipe{{"schema", "planish.recipe/1"}, {"name", "test"}, {"default", "bf16"}};
    for (const auto& [match, codec] : rules) {
        recipe["rules"].push_back({{"match", match}, {"codec", codec}});
    }
    return recipe;
}

bool sameBytes(const QuantizedModel& a, const QuantizedModel& b) {
    for (std::size_t i = 0; i < a.model.tensors().size(); ++i) {
        if (a.model.tensors()[i].bytes != b.model.tensors()[i].bytes) {
            return false;
        }
    }
    return a.model.tensors().size() == b.model.tensors().size();
}

const TensorResult& resultOf(const QuantizedModel& quantized, const std::string& name) {
    for (const TensorResult& tensor : quantized.tensors) {
        if (tensor.name == name) {
            return tensor;
        }
    }
    throw Error("no such tensor: " + name);
}

/// A tiny model of another family, on random ids.
struct Family {
    explicit Family(const std::string& name) : model(Model::open(fixture("architectures/" + name).string())) {
        std::mt19937 random(3);
        for (int i = 0; i < 12 * 64; ++i) {
            ids.push_back(static_cast<TokenId>(random() % model.config().vocabularySize));
        }
    }
    QuantizedModel quantized(const std::string& codec) {
        SilentMonitor monitor;
        const CalibrationPlan plan =
            planCalibration({"ids", 12, 64, CalibrationInputs::quantized}, model, "ids", "0", ids);
        const auto codecs = resolve(Recipe::uniform(codec), model.tensors(), model.config().tiedEmbedding);
        return quantizeModel(model, {codecs, 7, &plan, nullptr}, workers, monitor);
    }
    Matrix states(const WeightSource& weights) {
        SilentMonitor monitor;
        return ForwardPass(weights, 64, workers).run(ids, 12, monitor).values;
    }

    Model model;
    Workers workers{2};
    std::vector<TokenId> ids;
};

/// A bit of everything that looks at inputs.
Json mixture() {
    return recipeOf({{"attention", "int4:g64+gptq"},
                     {"mlp", "int3:g64+awq:folded+mse+tune"},
                     {"o", "int3:g32+gptq:asymmetric"},
                     {"layers(2)", "int3:g64+mse+lowrank=2"}});
}

} // namespace

class QuantizeTest : public QObject {
    Q_OBJECT

  private slots:
    void bytes_are_the_same_for_every_thread_count() {
        const QuantizedModel one = Setup(mixture(), 1).quantize();
        const QuantizedModel three = Setup(mixture(), 3).quantize();
        QVERIFY(sameBytes(one, three));
        for (const TensorResult& tensor : one.tensors) {
            QCOMPARE(std::isfinite(tensor.proxyLoss), tensor.role != "norm" && tensor.role != "embedding");
        }
    }

    void kept_statistics_give_the_same_bytes() {
        const QTemporaryDir folder;
        StatisticsCache cache(folder.path().toStdString(), StatisticsCache::usualLimit);
        const QuantizedModel without = Setup(mixture()).quantize();
        const QuantizedModel first = Setup(mixture(), 2, &cache).quantize();
        const std::size_t entries = cache.entries();
        QCOMPARE(entries, std::size_t{16}); // four places in each of four blocks
        const QuantizedModel second = Setup(mixture(), 2, &cache).quantize();
        QCOMPARE(cache.entries(), entries);
        QVERIFY(sameBytes(without, first) && sameBytes(first, second));
        for (const auto& file : std::filesystem::directory_iterator(cache.folder())) {
            std::fstream(file.path(), std::ios::in | std::ios::out | std::ios::binary)
                .seekp(5000)
                .write("?", 1);
        }
        QVERIFY(sameBytes(without, Setup(mixture(), 2, &cache).quantize()));
    }

    void recipes_that_differ_late_share_statistics() {
        const QTemporaryDir folder;
        StatisticsCache cache(folder.path().toStdString(), StatisticsCache::usualLimit);
        Setup(recipeOf({{"mlp", "int4:g64+gptq"}, {"attention", "int4:g64+gptq"}}), 2, &cache).quantize();
        QCOMPARE(cache.entries(), std::size_t{16});
        const Json late = recipeOf({{"mlp", "int4:g64+gptq"},
                                    {"attention", "int4:g64+gptq"},
                                    {"model.layers.3.mlp.gate_proj", "int3:g64+gptq"}});
        const QuantizedModel shared = Setup(late, 2, &cache).quantize();
        QCOMPARE(cache.entries(), std::size_t{17}); // what down of the last block reads is another
        QVERIFY(sameBytes(shared, Setup(late).quantize()));
    }

    void statistics_of_the_unquantized_model_serve_every_recipe() {
        const QTemporaryDir folder;
        StatisticsCache cache(folder.path().toStdString(), StatisticsCache::usualLimit);
        for (const char* codec : {"int4:g64+gptq", "int2:g64+gptq", "int3:g64+tune:asymmetric"}) {
            Setup(recipeOf({{"mlp", codec}, {"attention", codec}}), 2, &cache, CalibrationInputs::original)
                .quantize();
            QCOMPARE(cache.entries(), std::size_t{16});
        }
    }

    void every_design_of_blocks_is_quantized_on_its_own_inputs_data() {
        QTest::addColumn<QString>("model");
        for (const char* model : {"qwen3", "phi3", "gemma2", "gemma3", "smollm3", "granite", "olmo2"}) {
            QTest::newRow(model) << model;
        }
    }
    void every_design_of_blocks_is_quantized_on_its_own_inputs() {
        QFETCH(QString, model);
        Family family(model.toStdString());
        const Matrix expected = family.states(OriginalWeights(family.model));
        const auto error = [&](const QuantizedModel& quantized) {
            return static_cast<double>((family.states(quantized.model) - expected).norm()) /
                   static_cast<double>(expected.norm());
        };
        // Scales that norms take up cancel but for the rounding of their gains.
        QVERIFY(error(family.quantized("int8:g32+awq:folded")) < 1.2 * error(family.quantized("int8:g32")));
        const QuantizedModel nearest = family.quantized("int4:g32");
        const QuantizedModel measured = family.quantized("int4:g32+gptq");
        QVERIFY(error(measured) < error(nearest));
        for (const TensorResult& tensor : measured.tensors) {
            QCOMPARE(std::isfinite(tensor.proxyLoss),
                     tensor.role != "norm" && tensor.role != "embedding" && tensor.role != "head");
        }
    }

    void folded_scales_live_in_the_norm() {
        Setup setup(recipeOf({{"mlp", "int8:g32+awq:folded"}, {"attention", "int8:g32+awq:folded"}}));
        const QuantizedModel quantized = setup.quantize();
        const OriginalWeights original(setup.model());
        Workers workers(1);
        bool scaled = false;
        for (const auto& [norm, linear] :
             {std::pair{"model.layers.1.input_layernorm", "model.layers.1.self_attn.k_proj"},
              std::pair{"model.layers.2.post_attention_layernorm", "model.layers.2.mlp.up_proj"}}) {
            const auto through = [&](const WeightSource& source) -> Matrix {
                return source.matrix(setup.model().tensor(linear), workers) *
                       source.vector(setup.model().tensor(norm)).asDiagonal();
            };
            QVERIFY(storageError(through(original), through(quantized.model)).relative < 1e-4);
            scaled = scaled || original.vector(setup.model().tensor(norm)) !=
                                   quantized.model.vector(setup.model().tensor(norm));
        }
        QVERIFY(scaled);
        QCOMPARE(resultOf(quantized, "model.layers.0.self_attn.q_proj").codec,
                 std::string("int8:g32+awq:folded"));
        QCOMPARE(resultOf(quantized, "model.layers.0.mlp.down_proj").codec, std::string("int8:g32+awq"));
        QVERIFY(resultOf(quantized, "model.layers.0.mlp.down_proj").relativeError < 1e-4);
    }

    void nearest_rounding_is_kept_where_the_other_does_not_help() {
        const QuantizedModel quantized =
            Setup(recipeOf({{"q", "int4:g64+obd"}, {"k", "int4:g64+gptq"}})).quantize();
        const TensorResult& q = resultOf(quantized, "model.layers.1.self_attn.q_proj");
        QCOMPARE(q.proxyLoss, q.plainProxyLoss);
        const TensorResult& k = resultOf(quantized, "model.layers.1.self_attn.k_proj");
        QVERIFY(k.proxyLoss < k.plainProxyLoss);
        QCOMPARE(quantized.warnings.size(), std::size_t{1});
        const QString warning = QString::fromStdString(quantized.warnings.front());
        QVERIFY2(warning.contains("nearest rounding") &&
                     warning.contains("model.layers.0.self_attn.q_proj") && warning.contains("1 more") &&
                     !warning.contains("k_proj"),
                 qPrintable(warning));
    }

    void too_few_tokens_are_warned_of() {
        const QuantizedModel quantized = Setup(recipeOf({{"down", "int4:g64+gptq"}})).quantize();
        QCOMPARE(quantized.warnings.size(), std::size_t{1});
        const QString warning = QString::fromStdString(quantized.warnings.front());
        QVERIFY2(warning.contains("3072 tokens") && warning.contains("768") && warning.contains("24 samples"),
                 qPrintable(warning));
        QVERIFY(Setup(recipeOf({{"gate", "int4:g64+gptq"}})).quantize().warnings.empty());
    }

    void calibration_can_be_cancelled() {
        class CancelInside final : public JobMonitor {
          public:
            void report(const Progress& progress) override {
                cancel_ = cancel_ || (progress.stage == "calibrate" &&
                                      progress.what.find("layers.1") != std::string::npos);
            }
            bool cancelled() const override { return cancel_; }

          private:
            std::atomic<bool> cancel_ = false;
        } monitor;
        QVERIFY_THROWS_EXCEPTION(Cancelled, Setup(mixture()).quantize(monitor));
    }

    void an_embedding_has_no_statistics() {
        const QString message = errorOf([] { Setup(recipeOf({{"embedding", "int4:g64+gptq"}})); });
        QVERIFY2(message.contains("embed_tokens") && message.contains("token ids"), qPrintable(message));
    }

    void a_text_must_have_the_samples() {
        const QTemporaryDir folder;
        const std::string file = folder.filePath("short.txt").toStdString();
        writeFile(file, "Once upon a time there was a text.");
        Workers workers(1);
        SilentMonitor monitor;
        RunSpec spec{
            "folio-4m", Recipe::uniform("int4:g64+gptq"), "literature", {Convention::standard, 128, 2, 0}, 0};
        spec.calibration = CalibrationSettings{file, 4, 128, CalibrationInputs::quantized};
        QString message = errorOf([&] { RunExecutor(workers).execute(spec, monitor); });
        QVERIFY2(message.contains("samples") && message.contains("128 tokens as short has"),
                 qPrintable(message));
        writeFile(file, "not \xff\xfe UTF-8");
        message = errorOf([&] { RunExecutor(workers).execute(spec, monitor); });
        QVERIFY2(message.contains("UTF-8"), qPrintable(message));
    }

    void what_a_run_is_calibrated_on_is_part_of_it() {
        Workers workers(2);
        SilentMonitor monitor;
        RunExecutor executor(workers);
        RunSpec spec{
            "folio-4m", Recipe::uniform("int4:g64+gptq"), "literature", {Convention::standard, 128, 4, 0}, 0};
        const std::string usual = executor.identify(spec, monitor);
        spec.calibration = CalibrationSettings{"calibration", 128, 0, CalibrationInputs::quantized};
        QCOMPARE(executor.identify(spec, monitor), usual);
        spec.calibration = CalibrationSettings{"literature", 8, 128, CalibrationInputs::original};
        const RunRecord run = executor.execute(spec, monitor);
        QVERIFY(run.id != usual);
        QCOMPARE(run.calibration, std::string("literature"));
        QCOMPARE(run.calibrationSamples, std::uint64_t{8});
        QCOMPARE(run.calibrationContext, std::uint64_t{128});
        QCOMPARE(run.calibrationInputs, std::string("original"));
        QVERIFY(QString::fromStdString(run.command).contains("--calibration 'literature' --samples 8"));
        const auto mentions = [&](const char* word) {
            return std::any_of(run.warnings.begin(), run.warnings.end(),
                               [&](const std::string& text) { return text.find(word) != std::string::npos; });
        };
        QVERIFY(mentions("100.0 % of the evaluated text"));
        QVERIFY(mentions("fewer than 8"));
        QCOMPARE(run.tokenWeights, std::string("equal"));
        QVERIFY(!QString::fromStdString(run.command).contains("--token-weights"));
        spec.calibration->tokens = TokenWeighting::gradient;
        const RunRecord weighted = executor.execute(spec, monitor);
        QVERIFY(weighted.id != run.id && weighted.kldMean != run.kldMean);
        QCOMPARE(weighted.tokenWeights, std::string("gradient"));
        QVERIFY(QString::fromStdString(weighted.command).contains("--token-weights gradient"));
        spec.calibration->tokens = TokenWeighting::kronecker;
        const RunRecord related = executor.execute(spec, monitor);
        QVERIFY(related.id != weighted.id && related.kldMean != weighted.kldMean);
        QCOMPARE(related.tokenWeights, std::string("kronecker"));
        QVERIFY(QString::fromStdString(related.command).contains("--token-weights kronecker"));

        // A codec that can do without is calibrated on demand only, one that cannot use it never.
        spec.recipe = Recipe::uniform("int4:g64+mse");
        QCOMPARE(executor.execute(spec, monitor).calibration, std::string("literature"));
        spec.recipe = Recipe::uniform("int4:g64");
        const std::string plain = executor.identify(spec, monitor);
        QCOMPARE(executor.execute(spec, monitor).calibration, std::string());
        spec.calibration.reset();
        QCOMPARE(executor.identify(spec, monitor), plain);
    }
};

QTEST_APPLESS_MAIN(QuantizeTest)
#include "tst_quantize.moc"
