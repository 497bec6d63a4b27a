// SPDX-License-Identifier: GPL-3.0-or-later
#include "inference/forward_pass.h"
#include "inference/logits.h"
#include "support/json.h"
#include "test_support.h"

#include <QTemporaryDir>
#include <QTest>

using namespace planish;
using namespace planish::test;

namespace {

Matrix logitsOf(const Model& model, const std::vector<TokenId>& ids, int threads = 0) {
    Workers workers(threads);
    SilentMonitor monitor;
    const OriginalWeights weights(model);
    const HiddenStates states = ForwardPass(weights, ids.size(), workers).run(ids, 1, monitor);
    const LogitHead head(weights, workers);
    Matrix logits(static_cast<Eigen::Index>(ids.size()), static_cast<Eigen::Index>(head.vocabularySize()));
    head.compute(states.values, logits);
    return logits;
}

Model openFixture(const std::string& name) {
    return Model::open(name.starts_with("folio") ? name : fixture("architectures/" + name).string());
}

} // namespace

class ForwardPassTest : public QObject {
    Q_OBJECT

  private slots:
    void logits_match_the_reference_data() {
        QTest::addColumn<QString>("model");
        QTest::addColumn<QString>("logits");
        QTest::addColumn<QList<int>>("ids");
        for (const char* model : {"folio-4m", "folio-23m"}) {
            const Json prompts =
                parseJsonFile(fixture(std::string("reference/") + model + ".prompts.json").string(), 1 << 20);
            int index = 0;
            for (const Json& prompt : prompts["prompts"]) {
                const std::string file = "reference/" + prompt["logits_file"].get<std::string>();
                const auto ids = prompt["ids"].get<std::vector<int>>();
                QTest::addRow("%s prompt %d", model, index++)
                    << model << QString::fromStdString(fixture(file).string())
                    << QList<int>(ids.begin(), ids.end());
            }
        }
        for (const char* model : {"llama-untied", "llama-bias", "llama-rope-llama3", "llama-rope-linear",
                                  "llama-rope-yarn", "mistral-sliding", "qwen2", "qwen3", "phi3", "gemma2",
                                  "gemma3", "smollm3", "granite", "olmo2"}) {
            const auto folder = fixture(std::string("architectures/") + model);
            const auto ids = parseJsonFile((folder / "ids.json").string(), 1 << 20).get<std::vector<int>>();
            QTest::addRow("%s", model) << model << QString::fromStdString((folder / "logits.npy").string())
                                       << QList<int>(ids.begin(), ids.end());
        }
    }

    /// The acceptance bound of the project: 2e-3 absolute and 1e-4 RMS.
    void logits_match_the_reference() {
        QFETCH(QString, model);
        QFETCH(QString, logits);
        QFETCH(QList<int>, ids);
        const FloatArray reference = readNpy(logits.toStdString());
        const Matrix found = logitsOf(openFixture(model.toStdString()), {ids.begin(), ids.end()});
        QCOMPARE(reference.values.size(), static_cast<std::size_t>(found.size()));
        const Eigen::Map<const Matrix> expected(reference.values.data(), found.rows(), found.cols());
        const float worst = (found - expected).cwiseAbs().maxCoeff();
        const double rms =
            std::sqrt((found - expected).cast<double>().squaredNorm() / static_cast<double>(found.size()));
        QVERIFY2(worst < 2e-3F, qPrintable(QString::number(worst)));
        QVERIFY2(rms < 1e-4, qPrintable(QString::number(rms)));
    }

    /// Settings that are neutral in the models above: the weights of one of them with another config.json.
    void logits_of_other_settings_match_the_reference_data() {
        QTest::addColumn<QString>("base");
        QTest::newRow("granite-multipliers") << "granite";
        QTest::newRow("smollm3-unrotated") << "smollm3";
        QTest::newRow("phi3-longrope") << "phi3";
        QTest::newRow("llama-rope-dynamic") << "llama-untied";
        QTest::newRow("gemma2-scaled") << "gemma2";
        QTest::newRow("yarn-attention-factor") << "llama-rope-yarn";
    }
    void logits_of_other_settings_match_the_reference() {
        QFETCH(QString, base);
        const std::string name = QTest::currentDataTag();
        const auto weights = fixture("architectures/" + base.toStdString());
        const QTemporaryDir folder;
        const std::filesystem::path path = folder.path().toStdString();
        std::filesystem::copy_file(weights / "model.safetensors", path / "model.safetensors");
        std::filesystem::copy_file(fixture("architectures/variants/" + name + ".config.json"),
                                   path / "config.json");
        const auto ids = parseJsonFile((weights / "ids.json").string(), 1 << 20).get<std::vector<TokenId>>();
        const FloatArray reference = readNpy(fixture("architectures/variants/" + name + ".logits.npy"));
        const Matrix found = logitsOf(Model::open(path.string()), ids);
        const Eigen::Map<const Matrix> expected(reference.values.data(), found.rows(), found.cols());
        const float worst = (found - expected).cwiseAbs().maxCoeff();
        QVERIFY2(worst < 1e-4F, qPrintable(QString::number(worst)));
    }

    void bfloat16_products_change_little_in_every_family_data() {
        QTest::addColumn<int>("unused");
        for (const char* model : {"llama-bias", "qwen3", "phi3", "gemma3", "olmo2"}) {
            QTest::addRow("%s", model) << 0;
        }
    }
    /// Rounding both factors to 8 bits loses about 2^-9 of each product.
    void bfloat16_products_change_little_in_every_family() {
        const auto folder = fixture(std::string("architectures/") + QTest::currentDataTag());
        const Model model = Model::open(folder.string());
        const auto ids = parseJsonFile((folder / "ids.json").string(), 1 << 20).get<std::vector<TokenId>>();
        Workers workers(2);
        SilentMonitor monitor;
        const OriginalWeights weights(model);
        const auto statesIn = [&](Arithmetic arithmetic) {
            return ForwardPass(weights, ids.size(), workers, arithmetic).run(ids, 1, monitor).values;
        };
        const Matrix exact = statesIn(Arithmetic::float32);
        const Matrix rounded = statesIn(Arithmetic::bfloat16);
        QVERIFY(exact != rounded);
        QVERIFY((exact - rounded).norm() < 0.02F * exact.norm());
    }

    void windows_do_not_see_each_other() {
        const Model model = Model::open("folio-4m");
        const OriginalWeights weights(model);
        Workers workers(2);
        SilentMonitor monitor;
        std::vector<TokenId> tokens;
        for (TokenId i = 0; i < 3 * 40; ++i) {
            tokens.push_back(i * 37 % 2000);
        }
        const ForwardPass pass(weights, 40, workers);
        const HiddenStates together = pass.run(tokens, 3, monitor);
        for (std::size_t window = 0; window < 3; ++window) {
            const auto own = std::span(tokens).subspan(window * 40, 40);
            QVERIFY(pass.run(own, 1, monitor).values == Matrix(together.window(window)));
        }
    }

    void results_are_the_same_for_every_thread_count() {
        const Model model = Model::open("folio-4m");
        std::vector<TokenId> tokens;
        for (TokenId i = 0; i < 700; ++i) {
            tokens.push_back(i * 31 % 2000);
        }
        const Matrix one = logitsOf(model, tokens, 1);
        QVERIFY(logitsOf(model, tokens, 2) == one);
        QVERIFY(logitsOf(model, tokens, 5) == one);
    }

    void ids_outside_the_vocabulary_are_refused_naming_their_place() {
        const Model model = Model::open("folio-4m");
        const QString message = errorOf([&] { logitsOf(model, {1, 2, 2048}); });
        QVERIFY2(message.contains("[2]") && message.contains("2048"), qPrintable(message));
        QVERIFY(!errorOf([&] { logitsOf(model, {-1}); }).isEmpty());
    }

    void cancelling_ends_the_pass() {
        class CancelAtOnce final : public JobMonitor {
          public:
            void report(const Progress&) override { seen_ = true; }
            bool cancelled() const override { return seen_; }

          private:
            std::atomic<bool> seen_ = false;
        } monitor;
        const OriginalWeights weights(Model::open("folio-4m"));
        Workers workers(2);
        const std::vector<TokenId> tokens(64 * 16, 5);
        QVERIFY_EXCEPTION_THROWN(ForwardPass(weights, 64, workers).run(tokens, 16, monitor), Cancelled);
    }
};

QTEST_APPLESS_MAIN(ForwardPassTest)
#include "tst_forward_pass.moc"
