// SPDX-License-Identifier: GPL-3.0-or-later
#include "gradient/backward_pass.h"
#include "support/json.h"
#include "test_support.h"

#include <QTest>
#include <cmath>
#include <map>

using namespace planish;
using namespace planish::test;

namespace {

class AllGradients final : public GradientSink {
  public:
    bool wants(const TensorInfo&) const override { return true; }
    void take(const TensorInfo& tensor, const Matrix& gradient) override {
        QVERIFY(gradients.emplace(tensor.name, gradient).second);
    }
    std::map<std::string, Matrix> gradients;
};

/// A model with one tensor moved along a direction.
class MovedWeights final : public WeightSource {
  public:
    MovedWeights(Model model, std::string name, Matrix direction)
        : original_(std::move(model)), name_(std::move(name)), direction_(std::move(direction)) {}
    const Model& model() const override { return original_.model(); }
    void rows(const TensorInfo& tensor, std::size_t firstRow, MutableMatrixView out) const override {
        original_.rows(tensor, firstRow, out);
        if (tensor.name == name_) {
            out += direction_.middleRows(static_cast<Eigen::Index>(firstRow), out.rows());
        }
    }
    std::string identity(const TensorInfo&) const override { return "moved"; }

  private:
    OriginalWeights original_;
    std::string name_;
    Matrix direction_;
};

std::vector<TokenId> someTokens(std::size_t count, TokenId vocabulary) {
    std::vector<TokenId> tokens;
    for (std::size_t i = 0; i < count; ++i) {
        tokens.push_back(static_cast<TokenId>(i * 7919 % 1000003) % vocabulary);
    }
    return tokens;
}

double relativeError(const Matrix& found, const Matrix& expected) {
    return std::sqrt((found - expected).cast<double>().squaredNorm() / expected.cast<double>().squaredNorm());
}

} // namespace

class BackwardPassTest : public QObject {
    Q_OBJECT

  private slots:
    void gradients_match_float64_autograd() {
        const Json prompts =
            parseJsonFile(fixture("reference/folio-4m.prompts.json").string(), 1 << 20)["prompts"];
        const auto tokens = prompts[0]["ids"].get<std::vector<TokenId>>();
        const Json reference = parseJsonFile(fixture("gradients/gradients.json").string(), 1 << 20);
        const OriginalWeights weights(Model::open("folio-4m"));
        Workers workers(2);
        SilentMonitor monitor;
        AllGradients sink;
        const double loss = BackwardPass(weights, tokens.size(), workers)
                                .run(tokens, 1, NextTokenLoss(tokens, tokens.size()), sink, monitor);
        QVERIFY(std::fabs(loss / reference["nll_sum"].get<double>() - 1) < 1e-5);

        QCOMPARE(sink.gradients.size(), reference["gradient_norms"].size());
        int compared = 0;
        for (const auto& [name, norm] : reference["gradient_norms"].items()) {
            const std::string tensor = name.substr(0, name.size() - std::string(".weight").size());
            const Matrix& found = sink.gradients.at(tensor);
            const double error = std::fabs(found.cast<double>().norm() / norm.get<double>() - 1);
            QVERIFY2(error < 2e-5, qPrintable(QString::fromStdString(name + " ") + QString::number(error)));
            const auto file = fixture("gradients/" + name + ".npy");
            if (std::filesystem::exists(file)) {
                const FloatArray array = readNpy(file);
                QCOMPARE(array.values.size(), static_cast<std::size_t>(found.size()));
                const Eigen::Map<const Matrix> expected(array.values.data(), found.rows(), found.cols());
                const double distance = relativeError(found, expected);
                QVERIFY2(distance < 5e-5,
                         qPrintable(QString::fromStdString(name + " ") + QString::number(distance)));
                ++compared;
            }
        }
        QCOMPARE(compared, 13);
    }

    void models_that_compute_otherwise_are_refused_naming_how() {
        const OriginalWeights weights(Model::open(fixture("architectures/qwen3").string()));
        Workers workers(1);
        const QString message = errorOf([&] { BackwardPass(weights, 24, workers); });
        QVERIFY2(message.contains("Qwen3ForCausalLM with norms of queries and keys"), qPrintable(message));
    }

    void gradients_are_the_slopes_of_the_loss_data() {
        QTest::addColumn<QString>("model");
        QTest::addColumn<QString>("tensor");
        for (const char* model :
             {"llama-untied", "llama-bias", "llama-rope-llama3", "llama-rope-yarn", "qwen2"}) {
            const Model opened = Model::open(fixture(std::string("architectures/") + model).string());
            for (const TensorInfo& tensor : opened.tensors()) {
                if (tensor.block <= 0) {
                    QTest::addRow("%s %s", model, tensor.name.c_str())
                        << model << QString::fromStdString(tensor.name);
                }
            }
        }
    }

    /// Central differences along the gradient itself, where the slope is its norm.
    void gradients_are_the_slopes_of_the_loss() {
        QFETCH(QString, model);
        QFETCH(QString, tensor);
        const Model opened = Model::open(fixture("architectures/" + model.toStdString()).string());
        const auto tokens = someTokens(3 * 24, static_cast<TokenId>(opened.config().vocabularySize));
        const NextTokenLoss loss(tokens, 24);
        Workers workers(2);
        SilentMonitor monitor;
        AllGradients sink;
        BackwardPass(OriginalWeights(opened), 24, workers).run(tokens, 3, loss, sink, monitor);
        const Matrix& gradient = sink.gradients.at(tensor.toStdString());
        const double norm = gradient.cast<double>().norm();
        QVERIFY(norm > 0);
        const auto lossAt = [&](double step) {
            AllGradients ignored;
            const Matrix direction = gradient * static_cast<float>(step / norm);
            const MovedWeights moved(opened, tensor.toStdString(), direction);
            return BackwardPass(moved, 24, workers).run(tokens, 3, loss, ignored, monitor);
        };
        const double step = std::min(0.02, 0.1 / norm);
        const double slope = (lossAt(step) - lossAt(-step)) / (2 * step);
        QVERIFY2(std::fabs(slope / norm - 1) < 0.02,
                 qPrintable(QString("slope %1, norm of the gradient %2").arg(slope).arg(norm)));
    }

    void distillation_from_itself_has_no_gradient_and_from_another_the_slope_of_the_divergence() {
        const Model model = Model::open("folio-4m");
        const OriginalWeights weights(model);
        const auto tokens = someTokens(2 * 48, 2048);
        Workers workers(2);
        SilentMonitor monitor;
        const HiddenStates states = ForwardPass(weights, 48, workers).run(tokens, 2, monitor);
        const LogitHead head(weights, workers);
        const DistillationLoss loss(states, head);
        AllGradients none;
        QVERIFY(std::fabs(BackwardPass(weights, 48, workers).run(tokens, 2, loss, none, monitor)) < 1e-6);
        const std::string name = "model.layers.1.mlp.up_proj";
        QVERIFY(none.gradients.at(name).norm() < 1e-4F);

        const TensorInfo& tensor = model.tensor(name);
        const Matrix direction = 0.3F * weights.matrix(tensor, workers);
        const auto at = [&](float factor, AllGradients& sink) {
            const MovedWeights moved(model, name, factor * direction);
            return BackwardPass(moved, 48, workers).run(tokens, 2, loss, sink, monitor);
        };
        AllGradients sink;
        at(1, sink);
        AllGradients ignored[2];
        const double slope = (at(1.05F, ignored[0]) - at(0.95F, ignored[1])) / 0.1;
        const double expected = sink.gradients.at(name).cwiseProduct(direction).cast<double>().sum();
        QVERIFY(expected > 0);
        QVERIFY2(std::fabs(slope / expected - 1) < 0.01, qPrintable(QString::number(slope / expected)));
    }

    /// Moves a tensor of the first block, so that every block's states count.
    void the_distance_of_hidden_states_has_the_slope_of_its_gradient() {
        const Model model = Model::open("folio-4m");
        const OriginalWeights weights(model);
        const auto tokens = someTokens(2 * 48, 2048);
        Workers workers(2);
        SilentMonitor monitor;
        const std::vector<HiddenStates> wanted =
            ForwardPass(weights, 48, workers).allStates(tokens, 2, monitor);
        QCOMPARE(wanted.size(), model.config().blocks + 1);
        QCOMPARE(wanted.back().values, ForwardPass(weights, 48, workers).run(tokens, 2, monitor).values);
        const StateDistanceLoss distance(wanted, workers);
        const LogitHead head(weights, workers);
        const DistillationLoss divergence(wanted.back(), head);

        const std::string name = "model.layers.0.mlp.up_proj";
        const Matrix direction = 0.3F * weights.matrix(model.tensor(name), workers);
        const auto at = [&](float factor, AllGradients& sink) {
            const MovedWeights moved(model, name, factor * direction);
            double loss =
                BackwardPass(moved, 48, workers).run(tokens, 2, divergence, sink, monitor, &distance);
            const auto states = ForwardPass(moved, 48, workers).allStates(tokens, 2, monitor);
            double largest = 0;
            for (std::size_t block = 0; block < model.config().blocks; ++block) {
                Matrix gradient = Matrix::Zero(states[block + 1].values.rows(), states[0].values.cols());
                const double part = distance.differentiate(block, states[block + 1].values, gradient);
                const double direct = (states[block + 1].values - wanted[block + 1].values)
                                          .rowwise()
                                          .squaredNorm()
                                          .cwiseQuotient(wanted[block + 1].values.rowwise().squaredNorm())
                                          .cast<double>()
                                          .mean();
                largest = std::max(largest, std::fabs(part - direct));
                loss += part;
            }
            return largest < 1e-6 * loss ? loss : std::nan("");
        };
        AllGradients sink;
        QVERIFY(at(1, sink) > 0);
        AllGradients ignored[2];
        const double slope = (at(1.05F, ignored[0]) - at(0.95F, ignored[1])) / 0.1;
        const double expected = sink.gradients.at(name).cwiseProduct(direction).cast<double>().sum();
        QVERIFY(expected > 0);
        QVERIFY2(std::fabs(slope / expected - 1) < 0.01, qPrintable(QString::number(slope / expected)));
    }

    void states_that_are_reached_or_zero_have_no_gradient() {
        Workers workers(2);
        std::vector<HiddenStates> wanted(2, {1, 300, Matrix::Random(300, 8)});
        wanted[1].values.row(7).setZero();
        Matrix states = wanted[1].values;
        states.row(7).setOnes();
        Matrix gradient = Matrix::Zero(300, 8);
        QCOMPARE(StateDistanceLoss(wanted, workers).differentiate(0, states, gradient), 0.0);
        QVERIFY(gradient.isZero(0));
        states.row(299) *= 1.5F;
        const double loss = StateDistanceLoss(wanted, workers).differentiate(0, states, gradient);
        QVERIFY(std::fabs(loss * 300 / 0.25 - 1) < 1e-5);
        QVERIFY(gradient.topRows(299).isZero(0) && !gradient.row(299).isZero(0));
    }

    void gradients_are_the_same_for_every_thread_count() {
        const OriginalWeights weights(Model::open("folio-4m"));
        const auto tokens = someTokens(12 * 400, 2048); // several batches of windows
        const NextTokenLoss loss(tokens, 400);
        SilentMonitor monitor;
        AllGradients sinks[2];
        double losses[2];
        for (int i = 0; i < 2; ++i) {
            Workers workers(1 + 2 * i);
            losses[i] = BackwardPass(weights, 400, workers, fastestArithmetic())
                            .run(tokens, 12, loss, sinks[i], monitor);
        }
        QCOMPARE(losses[0], losses[1]);
        for (const auto& [name, gradient] : sinks[0].gradients) {
            QVERIFY2(sinks[1].gradients.at(name) == gradient, name.c_str());
        }
    }

    void products_in_bfloat16_change_gradients_by_less_than_two_percent() {
        const OriginalWeights weights(Model::open("folio-4m"));
        const auto tokens = someTokens(2 * 200, 2048);
        const NextTokenLoss loss(tokens, 200);
        Workers workers(2);
        SilentMonitor monitor;
        AllGradients exact;
        AllGradients fast;
        BackwardPass(weights, 200, workers).run(tokens, 2, loss, exact, monitor);
        BackwardPass(weights, 200, workers, fastestArithmetic()).run(tokens, 2, loss, fast, monitor);
        for (const auto& [name, gradient] : exact.gradients) {
            const double distance = relativeError(fast.gradients.at(name), gradient);
            QVERIFY2(distance < 0.02,
                     qPrintable(QString::fromStdString(name + " ") + QString::number(distance)));
        }
    }

    void cancelling_ends_the_pass() {
        class CancelLater final : public JobMonitor {
          public:
            void report(const Progress& progress) override { seen_ = progress.done > progress.total / 2; }
            bool cancelled() const override { return seen_; }

          private:
            std::atomic<bool> seen_ = false;
        } monitor;
        const OriginalWeights weights(Model::open("folio-4m"));
        const auto tokens = someTokens(16 * 256, 2048);
        Workers workers(2);
        AllGradients sink;
        QVERIFY_EXCEPTION_THROWN(
            BackwardPass(weights, 256, workers).run(tokens, 16, NextTokenLoss(tokens, 256), sink, monitor),
            Cancelled);
    }
};

QTEST_APPLESS_MAIN(BackwardPassTest)
#include "tst_backward_pass.moc"
