// SPDX-License-Identifier: GPL-3.0-or-later
#include "allocation/noisy_weights.h"
#include "allocation/prediction.h"
#include "allocation/sensitivity.h"
#include "evaluation/corpus.h"

#include <QTest>
#include <algorithm>
#include <cmath>

using namespace planish;

namespace {

struct Folio {
    Model model = Model::open("folio-4m");
    WindowPlan plan;

    explicit Folio(std::size_t windows) {
        const Tokenizer tokenizer = Tokenizer::open(model.path());
        const auto ids = tokenizer.encode(Corpus::open("calibration").text);
        plan = planWindows(ids, {.context = 128, .windows = windows}, tokenizer.beginToken());
    }

    /// With two repeats a tensor.
    Sensitivity sensitivity(double relativeError) {
        SensitivitySettings settings;
        settings.mostRepeats = 2;
        settings.relativeError = relativeError;
        return measureSensitivity(model, plan, settings, options, workers, monitor);
    }

    Workers workers{2};
    SilentMonitor monitor;
    StateCache cache{std::uint64_t{1} << 30};
    EvaluateOptions options{.cache = &cache, .keepLogits = true};
};

} // namespace

class SensitivityTest : public QObject {
    Q_OBJECT

  private slots:
    void noise_has_the_energy_that_was_asked_for_in_every_row() {
        const Folio folio(1);
        Workers workers(2);
        const TensorInfo& tensor = folio.model.tensor("model.layers.1.mlp.down_proj");
        const NoisyWeights noisy(folio.model, tensor, 0.01, 4);
        const Matrix original = folio.model.read(tensor);
        const Matrix errors = noisy.matrix(tensor, workers) - original;
        for (Eigen::Index row = 0; row < errors.rows(); ++row) {
            const double relative = errors.row(row).squaredNorm() / original.row(row).squaredNorm();
            QVERIFY2(relative > 0.007 && relative < 0.013, qPrintable(QString::number(relative)));
        }
        QVERIFY(std::abs(errors.squaredNorm() / original.squaredNorm() - 0.01) < 0.0002);
        QVERIFY(std::abs(errors.mean()) <
                3 * std::sqrt(errors.squaredNorm()) / static_cast<double>(errors.size()));
    }

    void noise_is_the_same_whichever_rows_are_asked_for_and_in_no_other_tensor() {
        const Folio folio(1);
        Workers workers(2);
        const TensorInfo& tensor = folio.model.tensor("model.layers.0.self_attn.k_proj");
        const TensorInfo& other = folio.model.tensor("model.layers.0.self_attn.q_proj");
        const NoisyWeights noisy(folio.model, tensor, 0.02, 9);
        const Matrix whole = noisy.matrix(tensor, workers);
        Matrix part(3, whole.cols());
        noisy.rows(tensor, 5, part);
        QVERIFY(part == whole.middleRows(5, 3));
        QVERIFY(noisy.matrix(other, workers) == folio.model.read(other));
        QCOMPARE(noisy.identity(other), std::string());
        QVERIFY(NoisyWeights(folio.model, tensor, 0.02, 10).matrix(tensor, workers) != whole);
        QVERIFY(NoisyWeights(folio.model, tensor, 0.02, 10).identity(tensor) != noisy.identity(tensor));
    }

    void sensitivities_do_not_depend_on_the_energy_of_the_noise() {
        Folio folio(8);
        const Sensitivity weak = folio.sensitivity(0.01);
        const Sensitivity strong = folio.sensitivity(0.02);
        QCOMPARE(weak.tensors.size(), std::size_t{29}); // 7 linears in 4 blocks and the tied embedding
        double weakSum = 0;
        double strongSum = 0;
        for (std::size_t i = 0; i < weak.tensors.size(); ++i) {
            const double ratio = weak.tensors[i].divergence / strong.tensors[i].divergence;
            QVERIFY2(ratio > 0.7 && ratio < 1.4,
                     qPrintable(QString("%1: %2").arg(weak.tensors[i].name.c_str()).arg(ratio)));
            QCOMPARE(weak.tensors[i].repeats, std::uint64_t{2});
            weakSum += weak.tensors[i].divergence;
            strongSum += strong.tensors[i].divergence;
        }
        QVERIFY2(std::abs(weakSum / strongSum - 1) < 0.06, qPrintable(QString::number(weakSum / strongSum)));
        QVERIFY(strong.lossPerDivergence > 0 && strong.lossPerDivergence < 2);
        QVERIFY(strong.lossPerDivergenceError > 0);
    }

    void the_same_numbers_come_from_every_thread_count_and_without_a_cache() {
        const Folio folio(2);
        SilentMonitor monitor;
        Workers one(1);
        Workers three(3);
        StateCache cache(std::uint64_t{1} << 30);
        SensitivitySettings settings;
        settings.leastRepeats = 1;
        settings.mostRepeats = 1;
        const Sensitivity a = measureSensitivity(folio.model, folio.plan, settings, {}, one, monitor);
        const Sensitivity b = measureSensitivity(folio.model, folio.plan, settings,
                                                 {.cache = &cache, .keepLogits = true}, three, monitor);
        for (std::size_t i = 0; i < a.tensors.size(); ++i) {
            QCOMPARE(a.tensors[i].divergence, b.tensors[i].divergence);
            QVERIFY(std::isnan(a.tensors[i].standardError));
        }
        QCOMPARE(a.lossPerDivergence, b.lossPerDivergence);
    }

    void it_stops_when_it_is_cancelled() {
        class CancelledMonitor final : public JobMonitor {
          public:
            void report(const Progress&) override {}
            bool cancelled() const override { return true; }
        };
        const Folio folio(1);
        Workers workers(1);
        CancelledMonitor monitor;
        QVERIFY_EXCEPTION_THROWN(measureSensitivity(folio.model, folio.plan, {}, {}, workers, monitor),
                                 Cancelled);
    }

    void a_prediction_adds_costs_and_carries_their_errors() {
        Sensitivity sensitivity;
        sensitivity.tensors = {{"a", "q", 1, 1, 2.0, 0.2, 2}, {"b", "k", 1, 1, 4.0, 0.1, 2}};
        sensitivity.lossPerDivergence = 0.5;
        sensitivity.lossPerDivergenceError = 0.05;
        const Prediction prediction = predict(sensitivity, std::vector<double>{0.01, 0.005});
        QVERIFY(std::abs(prediction.divergence - 0.04) < 1e-15);
        QVERIFY(std::abs(prediction.divergenceError - std::hypot(0.002, 0.0005, modelError * 0.04)) < 1e-15);
        QVERIFY(std::abs(prediction.deltaPplPercent - 100 * (std::exp(0.02) - 1)) < 1e-12);
        const double relative = std::hypot(0.5 * prediction.divergenceError, 0.05 * 0.04);
        QVERIFY(std::abs(prediction.deltaPplErrorPercent - 100 * std::exp(0.02) * relative) < 1e-12);
        QCOMPARE(predict(sensitivity, std::vector<double>{0, 0}).deltaPplPercent, 0.0);
    }

    void large_costs_make_more_of_each_other() {
        Sensitivity sensitivity;
        sensitivity.accumulation = 0.5;
        const Prediction prediction = predict(sensitivity, 0.4, 0.01);
        QVERIFY(std::abs(prediction.divergence - 0.48) < 1e-15);
        QVERIFY(std::abs(prediction.divergenceError - std::hypot(1.4 * 0.01, modelError * 0.48)) < 1e-15);
        QVERIFY(std::abs(sumOfCosts(sensitivity, 0.48) - 0.4) < 1e-15);
        sensitivity.accumulation = 0;
        QCOMPARE(sumOfCosts(sensitivity, 0.48), 0.48);
    }

    void noise_in_all_linears_measures_what_their_costs_accumulate_to() {
        Folio folio(8);
        const Sensitivity sensitivity = folio.sensitivity(0.02);
        QVERIFY(sensitivity.accumulation > 0);
        // At a sum between those it was measured at, with other noise.
        double ofAll = 0;
        for (const TensorSensitivity& tensor : sensitivity.tensors) {
            ofAll += tensor.role == "embedding" ? 0 : tensor.divergence;
        }
        constexpr double sum = 0.2;
        NoisyWeights noisy(folio.model);
        std::uint64_t seed = 1000;
        for (const TensorInfo& tensor : folio.model.tensors()) {
            if (isDecoderLinear(tensor.role)) {
                noisy.add(tensor, sum / ofAll, ++seed);
            }
        }
        const ComparisonResult measured = evaluateAgainst(noisy, OriginalWeights(folio.model), folio.plan,
                                                          folio.workers, folio.monitor, folio.options);
        const double predicted = predict(sensitivity, sum, 0).divergence;
        const double off = predicted / measured.divergence.mean - 1;
        QVERIFY2(std::abs(off) < 0.06, qPrintable(QString::number(off)));
        QVERIFY(std::abs(sum / measured.divergence.mean - 1) > std::abs(off));
    }
};

QTEST_APPLESS_MAIN(SensitivityTest)
#include "tst_sensitivity.moc"
