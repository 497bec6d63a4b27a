// SPDX-License-Identifier: GPL-3.0-or-later
#include "calibration/calibrator.h"
#include "gradient/backward_pass.h"
#include "test_support.h"

#include <QTemporaryDir>
#include <QTest>
#include <cmath>
#include <map>
#include <numeric>

using namespace planish;
using namespace planish::test;

namespace {

class Gradients final : public GradientSink {
  public:
    bool wants(const TensorInfo&) const override { return true; }
    void take(const TensorInfo& tensor, const Matrix& gradient) override {
        squares[tensor.name] = static_cast<double>(gradient.squaredNorm());
        moments[tensor.name] = gradient * gradient.transpose();
    }
    std::map<std::string, double> squares;
    std::map<std::string, Matrix> moments;
};

std::vector<TokenId> someTokens(std::size_t count, TokenId vocabulary = 2048) {
    std::vector<TokenId> tokens;
    for (std::size_t i = 0; i < count; ++i) {
        tokens.push_back(static_cast<TokenId>(i * 7919 % 1000003) % vocabulary);
    }
    return tokens;
}

} // namespace

class LossGradientsTest : public QObject {
    Q_OBJECT

  private slots:
    /// In windows of two tokens only the first has a gradient, and that of a weight is its outer product with
    /// the inputs: what the weights should be follows from gradients that are tested elsewhere.
    void weights_are_the_squares_of_the_gradients_of_outputs() {
        constexpr std::size_t windows = 12;
        const Model model = Model::open("folio-4m");
        const OriginalWeights original(model);
        const auto ids = someTokens(2 * windows);
        const CalibrationPlan plan = planCalibration(
            {.samples = windows, .context = 2, .tokens = TokenWeighting::gradient}, model, "ids", "", ids);
        Workers workers(2);
        SilentMonitor monitor;
        const LossGradients gradients(original, plan.samples, true, workers, Arithmetic::float32, monitor);
        const std::map<Place, std::vector<std::string>> readers{
            {{0, Site::queryKeyValue}, {"self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj"}},
            {{0, Site::output}, {"self_attn.o_proj"}},
            {{0, Site::gateUp}, {"mlp.gate_proj", "mlp.up_proj"}},
            {{0, Site::down}, {"mlp.down_proj"}}};
        CalibrationStream stream(original, plan.samples, workers);
        for (const auto& [place, names] : readers) {
            stream.advanceTo(place, monitor);
            const Matrix inputs = stream.inputs(0, monitor);
            std::vector<double> expected;
            std::map<std::string, Matrix> moments;
            for (std::size_t window = 0; window < windows; ++window) {
                const std::span<const TokenId> tokens(ids.data() + 2 * window, 2);
                Gradients sink;
                BackwardPass(original, 2, workers).run(tokens, 1, NextTokenLoss(tokens, 2), sink, monitor);
                double square = 0;
                for (const std::string& name : names) {
                    square += sink.squares.at("model.layers.0." + name);
                }
                const float power = inputs.row(static_cast<Eigen::Index>(2 * window)).squaredNorm();
                expected.push_back(square / static_cast<double>(power));
                for (const std::string& name : names) {
                    const Matrix moment = sink.moments.at("model.layers.0." + name) / power;
                    moments[name] = moments[name].size() > 0 ? Matrix(moments[name] + moment) : moment;
                }
            }
            const double mean = std::accumulate(expected.begin(), expected.end(), 0.0) / (2 * windows);
            const std::vector<float>& found = gradients.tokenWeights(place);
            QCOMPARE(found.size(), 2 * windows);
            for (std::size_t window = 0; window < windows; ++window) {
                const double wanted = expected[window] / mean;
                QVERIFY2(std::fabs(static_cast<double>(found[2 * window]) - wanted) < 1e-3 * wanted + 1e-6,
                         qPrintable(QString("%1 %2").arg(found[2 * window]).arg(wanted)));
                QCOMPARE(found[2 * window + 1], 0.0F);
            }
            for (const std::string& name : names) {
                const Matrix wanted = moments.at(name) / float{2 * windows};
                const Matrix& moment = gradients.outputs().at("model.layers.0." + name).hessian;
                QVERIFY2((moment - wanted).norm() <= 1e-3F * wanted.norm(), name.c_str());
            }
        }
        QVERIFY(gradients.tokenWeights({model.config().blocks, Site::head}).empty());
    }

    void statistics_are_weighted_where_the_plan_says_so_the_same_for_every_thread_count() {
        const Model model = Model::open(fixture("architectures/llama-untied").string());
        const OriginalWeights original(model);
        const auto ids = someTokens(64 * 320, 64); // more than a batch of the backward pass and of a chunk
        const auto statistics = [&](TokenWeighting tokens, int threads) {
            const CalibrationPlan plan =
                planCalibration({.samples = 64, .context = 320, .tokens = tokens}, model, "ids", "", ids);
            Workers workers(threads);
            SilentMonitor monitor;
            Calibrator calibrator(plan, original, original, nullptr, workers);
            calibrator.at({0, Site::output}, false, "", "", monitor);
            calibrator.restart();
            return calibrator.at({0, Site::output}, false, "", "", monitor);
        };
        const InputStatistics equal = statistics(TokenWeighting::equal, 2);
        const InputStatistics weighted = statistics(TokenWeighting::gradient, 2);
        QVERIFY((weighted.hessian - equal.hessian).norm() > 0.05F * equal.hessian.norm());
        QVERIFY(weighted.meanMagnitude == equal.meanMagnitude);
        QVERIFY(statistics(TokenWeighting::gradient, 1).hessian == weighted.hessian);
        QVERIFY(statistics(TokenWeighting::kronecker, 1).hessian == weighted.hessian);
    }

    void outputs_are_related_only_where_the_plan_says_so_and_kept() {
        const Model model = Model::open(fixture("architectures/llama-untied").string());
        const OriginalWeights original(model);
        const auto ids = someTokens(4 * 64, 64);
        const TensorInfo& tensor = model.tensor("model.layers.0.mlp.gate_proj.weight");
        Workers workers(2);
        SilentMonitor monitor;
        QTemporaryDir folder;
        StatisticsCache cache(folder.path().toStdString(), StatisticsCache::usualLimit);
        const auto outputs = [&](TokenWeighting tokens) {
            const CalibrationPlan plan =
                planCalibration({.samples = 4, .context = 64, .tokens = tokens}, model, "ids", "", ids);
            return Calibrator(plan, original, original, &cache, workers).outputsOf(tensor, "model", monitor);
        };
        QCOMPARE(outputs(TokenWeighting::equal).size(), 0);
        QCOMPARE(outputs(TokenWeighting::gradient).size(), 0);
        QCOMPARE(cache.entries(), std::size_t{0});
        const Matrix moment = outputs(TokenWeighting::kronecker);
        QCOMPARE(static_cast<std::size_t>(moment.rows()), tensor.shape.rows);
        QVERIFY(moment == moment.transpose());
        QVERIFY(moment.diagonal().minCoeff() > 0);
        QVERIFY(cache.entries() > 0);
        QVERIFY(outputs(TokenWeighting::kronecker) == moment);
    }

    void models_without_gradients_are_refused_before_anything_is_passed() {
        const Model model = Model::open(fixture("architectures/gemma2").string());
        const auto ids = someTokens(64);
        const QString message = errorOf([&] {
            planCalibration({.samples = 2, .context = 8, .tokens = TokenWeighting::gradient}, model, "ids",
                            "", ids);
        });
        QVERIFY2(message.contains("gradients"), qPrintable(message));
    }
};

QTEST_APPLESS_MAIN(LossGradientsTest)
#include "tst_loss_gradients.moc"
