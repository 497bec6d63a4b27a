// SPDX-License-Identifier: GPL-3.0-or-later
#include "cli/cli_process.h"
#include "evaluation/corpus.h"
#include "evaluation/evaluate.h"
#include "model/layout.h"
#include "model/model.h"
#include "model/safetensors.h"
#include "support/file.h"

#include <fmt/format.h>

#include <QTemporaryDir>
#include <QTest>
#include <cmath>
#include <map>

using namespace planish;
using namespace planish::test;

namespace {

/// Two blocks, and an embedding of more numbers than are made at a time.
const QStringList smallShape{"--shape", "folio-4m", "--hidden", "256",  "--blocks",  "2",   "--heads", "8",
                             "--mlp",   "192",      "--vocab",  "2100", "--context", "128", "--untied"};

using Files = std::map<std::string, std::string>;

Files filesOf(const std::filesystem::path& folder) {
    Files files;
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
        files[entry.path().filename().string()] = readWholeFile(entry.path(), 1 << 30);
    }
    return files;
}

struct Moments {
    double mean = 0;
    double deviation = 0;
};

Moments momentsOf(const Model& model, const std::string& name) {
    const Eigen::MatrixXd values = model.read(model.tensor(name)).cast<double>();
    const double mean = values.mean();
    return {mean, std::sqrt((values.array() - mean).square().mean())};
}

} // namespace

class SyntheticModelTest : public QObject {
    Q_OBJECT

    QTemporaryDir folder_;

    std::filesystem::path at(const std::string& name) const {
        return std::filesystem::path(folder_.path().toStdString()) / name;
    }
    /// Writes a model unless it is there.
    std::filesystem::path made(const std::string& name, const QStringList& arguments) const {
        if (!std::filesystem::exists(at(name))) {
            const CliResult result = runProgram(
                "synthetic-model", QStringList{QString::fromStdString(at(name).string())} + arguments);
            if (result.status != 0) {
                throw Error(result.err.toStdString());
            }
        }
        return at(name);
    }
    Model small() const { return Model::open(made("small", smallShape).string()); }

  private slots:
    void a_folder_opens_with_the_shape_asked_for() {
        const ModelConfig config = small().config();
        QCOMPARE(config.architecture, std::string("LlamaForCausalLM"));
        QCOMPARE(config.hiddenSize, std::size_t{256});
        QCOMPARE(config.blocks, std::size_t{2});
        QCOMPARE(config.heads, std::size_t{8});
        QCOMPARE(config.keyValueHeads, std::size_t{2});
        QCOMPARE(config.headSize, std::size_t{32});
        QCOMPARE(config.mlpSize, std::size_t{192});
        QCOMPARE(config.vocabularySize, std::size_t{2100});
        QCOMPARE(config.maximumContext, std::size_t{128});
        QVERIFY(!config.tiedEmbedding && !config.rope.scaling);
        QCOMPARE(*config.beginToken, std::int64_t{0});
        const auto layout = tensorLayout(config);
        QCOMPARE(small().tensors().size(), layout.size());
        QCOMPARE(small().storedBytes(), 2 * small().parameterCount());
    }

    void a_named_shape_brings_what_has_no_option() {
        const Model model = Model::open(made("rope", {"--shape", "llama-3.2-1b", "--hidden", "64", "--blocks",
                                                      "1", "--mlp", "64", "--vocab", "2048"})
                                            .string());
        QVERIFY(model.config().tiedEmbedding && !model.hasTensor("lm_head"));
        QCOMPARE(model.config().rope.theta, 5e5);
        QCOMPARE(model.config().rope.scaling->factor, 32.0);
        QCOMPARE(model.config().maximumContext, std::size_t{131072});
    }

    void weights_are_those_of_a_model_before_training_data() {
        QTest::addColumn<QString>("tensor");
        QTest::addColumn<double>("mean");
        QTest::addColumn<double>("deviation");
        const QString block = "model.layers.1.";
        QTest::newRow("embedding") << "model.embed_tokens" << 0.0 << 0.02;
        QTest::newRow("norm") << "model.norm" << 1.0 << 0.0;
        QTest::newRow("q") << block + "self_attn.q_proj" << 0.0 << 1 / 16.0;
        QTest::newRow("k") << block + "self_attn.k_proj" << 0.0 << 1 / 16.0;
        QTest::newRow("o") << block + "self_attn.o_proj" << 0.0 << 1 / 32.0;
        QTest::newRow("up") << block + "mlp.up_proj" << 0.0 << 1 / 16.0;
        QTest::newRow("down") << block + "mlp.down_proj" << 0.0 << 1 / std::sqrt(192.0) / 2;
        QTest::newRow("head") << "lm_head" << 0.0 << 1 / 16.0;
    }
    void weights_are_those_of_a_model_before_training() {
        QFETCH(QString, tensor);
        QFETCH(double, mean);
        QFETCH(double, deviation);
        const Moments found = momentsOf(small(), tensor.toStdString());
        QVERIFY2(std::abs(found.mean - mean) <= 0.02 * deviation, qPrintable(QString::number(found.mean)));
        QVERIFY2(std::abs(found.deviation - deviation) <= 0.015 * deviation,
                 qPrintable(QString::number(found.deviation)));
    }

    void no_two_tensors_share_their_numbers() {
        const Model model = small();
        const Matrix query = model.read(model.tensor("model.layers.0.self_attn.q_proj"));
        for (const char* other : {"model.layers.1.self_attn.q_proj", "model.layers.0.mlp.gate_proj"}) {
            const Matrix values = model.read(model.tensor(other));
            const double correlation =
                256 * (query.topRows(192).array() * values.topRows(192).array()).mean();
            QVERIFY2(std::abs(correlation) < 0.03, qPrintable(QString::number(correlation)));
        }
    }

    void the_bytes_are_those_of_the_seed_for_every_number_of_threads() {
        const Files one = filesOf(made("one thread", smallShape + QStringList{"--threads", "1"}));
        QVERIFY(one == filesOf(made("two threads", smallShape + QStringList{"--threads", "2"})));
        QVERIFY(one == filesOf(made("seven threads", smallShape + QStringList{"--threads", "7"})));
        QVERIFY(one != filesOf(made("another seed", smallShape + QStringList{"--seed", "1"})));
    }

    void shards_are_as_large_as_asked() {
        const auto folder = made("shards", smallShape + QStringList{"--shard-size", "1"});
        QVERIFY(Model::open(folder.string()).parameterCount() > 0);
        std::vector<std::uint64_t> sizes;
        std::size_t tensors = 0;
        for (const auto& [name, content] : filesOf(folder)) {
            if (!name.ends_with(".safetensors")) {
                continue;
            }
            const SafetensorsFile file(folder / name);
            const auto& entries = file.entries();
            sizes.push_back(0);
            for (const SafetensorsEntry& entry : entries) {
                sizes.back() += entry.bytes;
                QCOMPARE(entry.type, std::string("BF16"));
            }
            QVERIFY(sizes.back() <= 1'000'000 || entries.size() == 1);
            QCOMPARE((content.size() - sizes.back()) % 8, std::size_t{0});
            tensors += entries.size();
        }
        QCOMPARE(tensors, small().tensors().size());
        QVERIFY(sizes.size() >= 4);
        for (std::size_t i = 1; i < sizes.size(); ++i) {
            QVERIFY(sizes[i - 1] + sizes[i] > 1'000'000);
        }
    }

    void it_is_evaluated_and_knows_nothing_data() {
        QTest::addColumn<QString>("head");
        QTest::newRow("tied") << "--tied";
        QTest::newRow("untied") << "--untied";
    }
    void it_is_evaluated_and_knows_nothing() {
        QFETCH(QString, head);
        const auto folder = made("evaluated " + head.toStdString(), {"--shape", "folio-4m", head});
        const OriginalWeights weights(Model::open(folder.string()));
        const auto ids = Tokenizer::open(folder).encode(Corpus::open("docs").text.substr(0, 20'000));
        const WindowPlan plan = planWindows(ids, {Convention::standard, 64, 8, 0}, 0);
        Workers workers;
        SilentMonitor monitor;
        const double found =
            perplexity(evaluateLoss(weights, plan, workers, monitor).nllSum, plan.tokensScored());
        QVERIFY2(found > 1024 && found < 8192, qPrintable(QString::number(found)));
    }

    void what_does_not_fit_is_refused_data() {
        QTest::addColumn<QStringList>("arguments");
        QTest::addColumn<QString>("expectation");
        QTest::newRow("shape") << QStringList{"--shape", "llama-7c"} << "--shape: expected folio-4m, ";
        QTest::newRow("heads") << QStringList{"--heads", "33"}
                               << "--heads: expected a number that shares --hidden 2048";
        QTest::newRow("odd heads") << QStringList{"--heads", "2048"} << "in even parts";
        QTest::newRow("key/value heads")
            << QStringList{"--kv-heads", "3"} << "--kv-heads: expected a divisor of --heads 32, found 3";
        QTest::newRow("vocabulary") << QStringList{"--vocab", "2047"}
                                    << "--vocab: expected at least 2048, the tokens of --tokenizer folio-4m";
        QTest::newRow("tokenizer") << QStringList{"--tokenizer", "none"} << "none: model: expected a folder";
        QTest::newRow("no blocks") << QStringList{"--blocks", "0"} << "--blocks";
        QTest::newRow("files") << QStringList{"--shard-size", "1", "--blocks", "500"}
                               << "--shard-size: expected a size that gives at most 1000 files";
        QTest::newRow("disk") << QStringList{"--hidden", "65536",        "--blocks",
                                             "10000",    "--shard-size", "1000000"}
                              << "disk: expected ";
    }
    void what_does_not_fit_is_refused() {
        QFETCH(QStringList, arguments);
        QFETCH(QString, expectation);
        const auto path = QString::fromStdString(at("refused").string());
        const CliResult result = runProgram("synthetic-model", QStringList{path} + arguments);
        QCOMPARE(result.status, 2);
        QVERIFY2(result.err.contains(expectation.toUtf8()), result.err.constData());
        QVERIFY(!std::filesystem::exists(at("refused")));
    }

    void only_a_new_or_empty_folder_is_filled() {
        writeFile(at("full/something"), "kept");
        for (const char* name : {"full", "full/something"}) {
            const CliResult result = runProgram(
                "synthetic-model", {QString::fromStdString(at(name).string()), "--shape", "folio-4m"});
            QCOMPARE(result.status, 2);
            QVERIFY2(result.err.contains("expected a new or an empty folder (remove this one"),
                     result.err.constData());
        }
        QCOMPARE(filesOf(at("full")), (Files{{"something", "kept"}}));
        std::filesystem::create_directory(at("empty"));
        QCOMPARE(runProgram("synthetic-model",
                            {QString::fromStdString(at("empty").string()), "--shape", "folio-4m"})
                     .status,
                 0);
        QVERIFY(filesOf(at("empty")).contains("config.json"));
    }

    void an_interrupt_leaves_nothing() {
        if (std::filesystem::space(at("")).available < std::uint64_t{3} << 30) {
            QSKIP("needs 3 GiB free");
        }
        QProcess process;
        process.start(QString::fromStdString(binary("synthetic-model").string()),
                      {QString::fromStdString(at("interrupted").string()), "--shard-size", "20"});
        QTRY_VERIFY(std::filesystem::exists(at("interrupted")) &&
                    !std::filesystem::is_empty(at("interrupted")));
        process.terminate();
        QVERIFY(process.waitForFinished());
        QCOMPARE(process.exitCode(), 130);
        QVERIFY(!std::filesystem::exists(at("interrupted")));
    }
};

QTEST_APPLESS_MAIN(SyntheticModelTest)
#include "tst_synthetic_model.moc"
