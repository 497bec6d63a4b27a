// SPDX-License-Identifier: GPL-3.0-or-later
#include "calibration/calibration_stream.h"
#include "calibration/norm_fit.h"
#include "calibration/statistics_collector.h"
#include "test_support.h"

#include <QTest>
#include <random>

using namespace planish;
using namespace planish::test;

namespace {

constexpr std::size_t windows = 3;
constexpr std::size_t context = 300;

WindowPlan samples(const Model& model) {
    std::mt19937 generator(5);
    WindowPlan plan{windows, context, 1, {}};
    for (std::size_t i = 0; i < windows * context; ++i) {
        plan.tokens.push_back(static_cast<TokenId>(generator() % model.config().vocabularySize));
    }
    return plan;
}

Matrix allInputs(const CalibrationStream& stream) {
    Matrix all(static_cast<Eigen::Index>(windows * context), 0);
    Eigen::Index row = 0;
    for (std::size_t chunk = 0; chunk < stream.chunks(); ++chunk) {
        const Matrix part = stream.inputs(chunk, SilentMonitor());
        all.conservativeResize(Eigen::NoChange, part.cols());
        all.middleRows(row, part.rows()) = part;
        row += part.rows();
    }
    return all;
}

/// Inputs of a linear found from its outputs is roundabout; these are computed step by step, a window at
/// once.
struct Reference {
    Matrix attentionInput, outputInput, mlpInput, downInput;
};
Reference referenceInputs(const Model& model, const OriginalWeights& weights, std::size_t block,
                          const WindowPlan& plan, Workers& workers) {
    SilentMonitor monitor;
    const ModelConfig& config = model.config();
    const ForwardPass pass(weights, context, workers);
    HiddenStates states = pass.embed(plan.tokens, windows);
    for (std::size_t i = 0; i < block; ++i) {
        pass.applyBlock(BlockWeights::read(weights, i, workers), states, monitor, [](std::size_t) {});
    }
    const BlockWeights own = BlockWeights::read(weights, block, workers);
    const Eigen::Index rows = states.values.rows();
    Reference reference;
    reference.attentionInput.resize(rows, states.values.cols());
    normalizeRows(states.values, own.attentionNorm, config.normEpsilon, reference.attentionInput);
    reference.outputInput.resize(rows, static_cast<Eigen::Index>(config.querySize()));
    pass.attendWindows(own, states, 0, windows, reference.outputInput, monitor);
    addAttention(own, config, reference.outputInput, states.values);
    reference.mlpInput.resize(rows, states.values.cols());
    normalizeRows(states.values, own.mlpNorm, config.normEpsilon, reference.mlpInput);
    reference.downInput = mlpActivations(own, config, states.values);
    return reference;
}

Matrix randomMatrix(Eigen::Index rows, Eigen::Index columns, unsigned seed) {
    std::mt19937 generator(seed);
    std::normal_distribution<float> normal;
    Matrix matrix(rows, columns);
    for (Eigen::Index i = 0; i < matrix.size(); ++i) {
        matrix.data()[i] = normal(generator);
    }
    return matrix;
}

} // namespace

class CalibrationStreamTest : public QObject {
    Q_OBJECT

  private slots:
    void it_stops_where_tensors_read_data() {
        QTest::addColumn<QString>("name");
        QTest::newRow("llama") << "folio-4m";
        for (const char* name : {"phi3", "gemma3", "olmo2"}) {
            QTest::newRow(name) << QString::fromStdString(
                test::fixture(std::string("architectures/") + name).string());
        }
    }
    void it_stops_where_tensors_read() {
        QFETCH(QString, name);
        const Model model = Model::open(name.toStdString());
        const OriginalWeights weights(model);
        const WindowPlan plan = samples(model);
        Workers workers(2);
        SilentMonitor monitor;
        CalibrationStream stream(weights, plan, workers);
        for (const std::size_t block : {std::size_t{0}, std::size_t{2}}) {
            const Reference reference = referenceInputs(model, weights, block, plan, workers);
            stream.advanceTo({block, Site::queryKeyValue}, monitor);
            QVERIFY(allInputs(stream) == reference.attentionInput);
            stream.advanceTo({block, Site::output}, monitor);
            QVERIFY(allInputs(stream) == reference.outputInput);
            stream.advanceTo({block, Site::gateUp}, monitor);
            QVERIFY(allInputs(stream) == reference.mlpInput);
            stream.advanceTo({block, Site::down}, monitor);
            QVERIFY(allInputs(stream) == reference.downInput);
        }
        stream.advanceTo({model.config().blocks, Site::head}, monitor);
        const HiddenStates last = ForwardPass(weights, context, workers).run(plan.tokens, windows, monitor);
        Matrix normalized(last.values.rows(), last.values.cols());
        normalizeRows(last.values, normGain(weights, model.tensor("model.norm")), model.config().normEpsilon,
                      normalized);
        QVERIFY(allInputs(stream) == normalized);
    }

    void every_linear_has_a_place() {
        const Model model = Model::open("folio-4m");
        std::size_t linears = 0;
        for (const TensorInfo& tensor : model.tensors()) {
            const auto place = placeOf(tensor, model.config());
            QCOMPARE(place.has_value(), isDecoderLinear(tensor.role) || tensor.role == Role::head);
            if (place) {
                QCOMPARE(inputsAt(place->site, model.config()), tensor.shape.columns);
                ++linears;
            }
        }
        QCOMPARE(linears, 7 * model.config().blocks);
    }

    void a_stream_can_be_cancelled() {
        class CancelAtFirstReport final : public JobMonitor {
          public:
            void report(const Progress&) override { cancelled_ = true; }
            bool cancelled() const override { return cancelled_; }

          private:
            std::atomic<bool> cancelled_ = false;
        } monitor;
        const Model model = Model::open("folio-4m");
        const OriginalWeights weights(model);
        const WindowPlan plan = samples(model);
        Workers workers(2);
        CalibrationStream stream(weights, plan, workers);
        QVERIFY_THROWS_EXCEPTION(Cancelled, stream.advanceTo({2, Site::down}, monitor));
    }

    void statistics_are_those_of_the_inputs_data() {
        QTest::addColumn<int>("columns");
        QTest::addColumn<bool>("cross");
        QTest::addColumn<bool>("weighted");
        QTest::newRow("less than a tile") << 50 << false << false;
        QTest::newRow("a tile") << 128 << true << false;
        QTest::newRow("some tiles and a rest") << 300 << true << false;
        QTest::newRow("weighted") << 140 << false << true;
        QTest::newRow("weighted, with cross moment") << 50 << true << true;
    }
    void statistics_are_those_of_the_inputs() {
        QFETCH(int, columns);
        QFETCH(bool, cross);
        QFETCH(bool, weighted);
        std::vector<float> weights(1077);
        for (std::size_t i = 0; i < weights.size(); ++i) {
            weights[i] = static_cast<float>(i * 7919 % 13) / 6;
        }
        const Matrix first = randomMatrix(1000, columns, 1);
        const Matrix second = randomMatrix(77, columns, 2) * 30.0F;
        const Matrix firstOriginal = first + randomMatrix(1000, columns, 3);
        const Matrix secondOriginal = second + randomMatrix(77, columns, 4);
        const auto collect = [&](int threads) {
            Workers workers(threads);
            StatisticsCollector collector(static_cast<std::size_t>(columns), cross, workers);
            collector.add(first, firstOriginal, std::span(weights).first(weighted ? 1000 : 0),
                          SilentMonitor());
            collector.add(second, secondOriginal, std::span(weights).subspan(1000, weighted ? 77 : 0),
                          SilentMonitor());
            return collector.result();
        };
        const InputStatistics found = collect(1);
        Matrix all(1077, columns);
        all << first, second;
        Matrix original(1077, columns);
        original << firstOriginal, secondOriginal;
        const auto relative = [](const Matrix& a, const Eigen::MatrixXd& b) {
            return (a.cast<double>() - b).norm() / b.norm();
        };
        const Eigen::MatrixXd precise = all.cast<double>();
        Eigen::VectorXd counts = Eigen::VectorXd::Ones(1077);
        if (weighted) {
            counts = Eigen::Map<const Vector>(weights.data(), 1077).cast<double>();
        }
        const Eigen::MatrixXd counted = counts.asDiagonal() * precise;
        QCOMPARE(found.tokens, std::uint64_t{1077});
        QVERIFY(relative(found.hessian, counted.transpose() * precise / 1077) < 1e-6);
        QVERIFY(found.hessian == found.hessian.transpose());
        QVERIFY(relative(found.meanMagnitude, precise.cwiseAbs().colwise().mean().transpose()) < 1e-6);
        QVERIFY(found.smallest == all.colwise().minCoeff().transpose());
        QVERIFY(found.largest == all.colwise().maxCoeff().transpose());
        QCOMPARE(found.crossMoment.size() > 0, cross);
        if (cross) {
            QVERIFY(relative(found.crossMoment, counted.transpose() * original.cast<double>() / 1077) < 1e-6);
        }
        const InputStatistics again = collect(3);
        QVERIFY(again.hessian == found.hessian && again.crossMoment == found.crossMoment &&
                again.meanMagnitude == found.meanMagnitude);
    }

    void a_fitted_norm_loses_least_of_the_outputs() {
        constexpr Eigen::Index columns = 24;
        const Matrix inputs = randomMatrix(400, columns, 8) * randomMatrix(columns, columns, 9);
        const Matrix originals = inputs + 0.2F * randomMatrix(400, columns, 10);
        const Matrix wanted = randomMatrix(30, columns, 11);
        const Matrix stored = wanted + 0.3F * randomMatrix(30, columns, 12);
        Workers workers(2);
        SilentMonitor monitor;
        StatisticsCollector collector(columns, true, workers);
        collector.add(inputs, originals, {}, monitor);
        const InputStatistics statistics = collector.result();
        const NormReader reader{wanted, stored};
        const NormFit fit({&reader, 1}, statistics, {workers, monitor});
        const Eigen::VectorXd best = fit.best();

        const auto lost = [&](const Eigen::VectorXd& factors) {
            return (originals.cast<double>() * wanted.cast<double>().transpose() -
                    inputs.cast<double>() * factors.asDiagonal() * stored.cast<double>().transpose())
                .squaredNorm();
        };
        const Eigen::VectorXd ones = Eigen::VectorXd::Ones(columns);
        QVERIFY(lost(best) < 0.95 * lost(ones));
        QVERIFY(fit.loss(best) < fit.loss(ones));
        for (Eigen::Index i = 0; i < columns; ++i) {
            for (const double step : {-0.02, 0.02}) {
                Eigen::VectorXd near = best;
                near[i] += step;
                QVERIFY(lost(near) > lost(best) - 1e-6 * lost(ones));
            }
        }
    }

    void a_norm_before_exact_tensors_stays() {
        const Matrix inputs = randomMatrix(200, 16, 1);
        const Matrix weights = randomMatrix(10, 16, 2);
        Workers workers(1);
        SilentMonitor monitor;
        StatisticsCollector collector(16, false, workers);
        collector.add(inputs, Matrix(), {}, monitor);
        const NormReader reader{weights, weights};
        const InputStatistics statistics = collector.result();
        const NormFit fit({&reader, 1}, statistics, {workers, monitor});
        QVERIFY((fit.best() - Eigen::VectorXd::Ones(16)).cwiseAbs().maxCoeff() < 1e-5);
    }
};

QTEST_APPLESS_MAIN(CalibrationStreamTest)
#include "tst_calibration_stream.moc"
