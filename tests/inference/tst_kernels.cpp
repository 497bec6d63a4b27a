// SPDX-License-Identifier: GPL-3.0-or-later
#include "inference/attention.h"
#include "inference/kernels.h"
#include "inference/rope.h"

#include <QTest>
#include <cmath>
#include <limits>
#include <random>
#include <vector>

using namespace planish;

namespace {

std::vector<float> normal(std::size_t count, unsigned seed, float scale = 1) {
    std::mt19937 random(seed);
    std::normal_distribution<float> distribution(0, scale);
    std::vector<float> values(count);
    for (float& value : values) {
        value = distribution(random);
    }
    return values;
}

/// Lengths around vector widths and chunk borders.
const std::vector<std::size_t> oddLengths{1, 2, 3, 7, 8, 15, 16, 17, 33, 1023, 1024, 1025, 2500};

bool near(double a, double b, double relative) {
    return std::abs(a - b) <= relative * (1 + std::abs(b));
}

/// How far `out`, the attention of rows 3 … 6 by 4 heads of 6 on 2 key/value heads, is from its formula.
float worstAttention(const Matrix& queries, const Matrix& keys, const Matrix& values, Eigen::Index past,
                     Eigen::Index window, const Matrix& out) {
    float worst = 0;
    for (Eigen::Index row = 0; row < 4; ++row) {
        const Eigen::Index end = past + 3 + row + 1;
        const Eigen::Index seen = window == 0 ? end : std::min(end, window);
        for (Eigen::Index head = 0; head < 4; ++head) {
            const auto k = keys.block(end - seen, head / 2 * 6, seen, 6);
            const auto v = values.block(end - seen, head / 2 * 6, seen, 6);
            Eigen::VectorXf weights =
                k * queries.block(3 + row, head * 6, 1, 6).transpose() / std::sqrt(6.0F);
            weights = weights.array().exp();
            weights /= weights.sum();
            const Eigen::RowVectorXf expected = weights.transpose() * v;
            worst = std::max(worst, (out.block(row, head * 6, 1, 6) - expected).cwiseAbs().maxCoeff());
        }
    }
    return worst;
}

} // namespace

class KernelTest : public QObject {
    Q_OBJECT

  private slots:
    void rms_norm_equals_its_formula_at_every_length() {
        for (const std::size_t n : oddLengths) {
            const auto x = normal(n, 1, 3);
            const auto gain = normal(n, 2);
            std::vector<float> out(n);
            rmsNorm(x, gain, 1e-5F, out);
            double squares = 0;
            for (const float value : x) {
                squares += static_cast<double>(value) * static_cast<double>(value);
            }
            const double scale = 1 / std::sqrt(squares / static_cast<double>(n) + 1e-5);
            for (std::size_t i = 0; i < n; ++i) {
                QVERIFY(near(out[i], static_cast<double>(gain[i]) * static_cast<double>(x[i]) * scale, 1e-6));
            }
        }
    }

    void silu_gates_even_at_extremes() {
        std::vector<float> gate{-1e30F, -200, -88, -1, -0.0F, 0,     1e-40F, 1, 88,
                                200,    3e4F, 5,   -7, 2.5F,  0.25F, -3,     1};
        const std::vector<float> input = gate;
        const std::vector<float> up(gate.size(), 2.0F);
        siluMultiply(gate, up);
        for (std::size_t i = 0; i < gate.size(); ++i) {
            const auto x = static_cast<double>(input[i]);
            QVERIFY2(near(gate[i], 2 * x / (1 + std::exp(-x)), 2e-6), qPrintable(QString::number(x)));
        }
    }

    void gelu_gates_even_at_extremes() {
        std::vector<float> gate{-1e30F, -200, -10, -1, -0.0F, 0,     1e-40F, 1, 10,
                                200,    3e4F, 5,   -7, 2.5F,  0.25F, -3,     1};
        const std::vector<float> input = gate;
        const std::vector<float> up(gate.size(), 2.0F);
        geluMultiply(gate, up);
        for (std::size_t i = 0; i < gate.size(); ++i) {
            const auto x = static_cast<double>(input[i]);
            const double inner = std::sqrt(2 / 3.14159265358979323846) * (x + 0.044715 * x * x * x);
            QVERIFY2(near(gate[i], x * (1 + std::tanh(inner)), 2e-6), qPrintable(QString::number(x)));
        }
    }

    void capped_values_stay_within_the_cap() {
        for (const std::size_t n : oddLengths) {
            const auto input = normal(n, 7, 90);
            auto capped = input;
            softCap(capped, 0.5F, 30);
            for (std::size_t i = 0; i < n; ++i) {
                QVERIFY(near(capped[i], 30 * std::tanh(static_cast<double>(input[i]) / 60), 2e-6));
            }
        }
    }

    void softmax_sums_to_one_and_orders_as_its_input() {
        for (const std::size_t n : oddLengths) {
            const auto input = normal(n, 3, 20);
            auto scores = input;
            softmax(scores, 0.125F);
            double total = 0;
            double expected = 0;
            const auto top = static_cast<double>(*std::max_element(input.begin(), input.end()));
            for (std::size_t i = 0; i < n; ++i) {
                expected += std::exp((static_cast<double>(input[i]) - top) / 8);
                total += static_cast<double>(scores[i]);
            }
            QVERIFY(near(total, 1, 1e-5));
            for (std::size_t i = 0; i < n; ++i) {
                QVERIFY(
                    near(scores[i], std::exp((static_cast<double>(input[i]) - top) / 8) / expected, 1e-6));
            }
        }
    }

    void logits_are_summarized_as_in_double() {
        for (const std::size_t n : oddLengths) {
            const auto logits = normal(n, 4, 8);
            const LogitSummary summary = summarizeLogits(logits);
            double sum = 0;
            for (const float value : logits) {
                sum += std::exp(static_cast<double>(value));
            }
            QVERIFY(near(summary.logSumExp, std::log(sum), 1e-6));
            QCOMPARE(summary.argmax, static_cast<std::size_t>(std::max_element(logits.begin(), logits.end()) -
                                                              logits.begin()));
        }
    }

    void the_first_of_equal_logits_is_the_most_likely() {
        const std::vector<float> logits{1, 5, 5, 5, 2};
        QCOMPARE(summarizeLogits(logits).argmax, std::size_t{1});
    }

    void broken_logits_give_nan_and_stay_in_range() {
        const std::vector<float> logits(40, std::numeric_limits<float>::quiet_NaN());
        const LogitSummary summary = summarizeLogits(logits);
        QVERIFY(std::isnan(summary.logSumExp));
        QVERIFY(summary.argmax < logits.size());
        QVERIFY(std::isnan(klDivergence(logits, summary.logSumExp, logits, summary.logSumExp)));
    }

    void kl_divergence_equals_its_definition_and_is_zero_for_equal_rows() {
        for (const std::size_t n : oddLengths) {
            const auto p = normal(n, 5, 4);
            auto q = normal(n, 6, 0.1F);
            for (std::size_t i = 0; i < n; ++i) {
                q[i] += p[i];
            }
            const double pSum = summarizeLogits(p).logSumExp;
            const double qSum = summarizeLogits(q).logSumExp;
            double expected = 0;
            for (std::size_t i = 0; i < n; ++i) {
                const double logP = static_cast<double>(p[i]) - pSum;
                expected += std::exp(logP) * (logP - (static_cast<double>(q[i]) - qSum));
            }
            QVERIFY(near(klDivergence(p, pSum, q, qSum), expected, 2e-6));
            QCOMPARE(klDivergence(p, pSum, p, pSum), 0.0);
        }
    }

    void rotation_keeps_the_length_of_every_pair() {
        auto x = normal(64, 7);
        const auto before = x;
        std::vector<float> cosines(32);
        std::vector<float> sines(32);
        for (std::size_t i = 0; i < 32; ++i) {
            cosines[i] = static_cast<float>(std::cos(0.1 * static_cast<double>(i)));
            sines[i] = static_cast<float>(std::sin(0.1 * static_cast<double>(i)));
        }
        rotateHalves(x, cosines, sines);
        for (std::size_t i = 0; i < 32; ++i) {
            QVERIFY(near(std::hypot(x[i], x[i + 32]), std::hypot(before[i], before[i + 32]), 1e-6));
            const double expected =
                static_cast<double>(before[i]) * std::cos(0.1 * static_cast<double>(i)) -
                static_cast<double>(before[i + 32]) * std::sin(0.1 * static_cast<double>(i));
            QVERIFY(near(x[i], expected, 1e-6));
        }
    }

    void attention_equals_its_formula_with_grouped_heads_and_a_past_data() {
        QTest::addColumn<int>("window");
        QTest::newRow("all keys") << 0;
        QTest::newRow("the latest 4 keys") << 4;
        QTest::newRow("the latest 10 keys, which some queries do not have before them") << 10;
        QTest::newRow("its own key only") << 1;
        QTest::newRow("a window beyond the text") << 1000;
    }
    void attention_equals_its_formula_with_grouped_heads_and_a_past() {
        QFETCH(int, window);
        ModelConfig config;
        config.heads = 4;
        config.keyValueHeads = 2;
        config.headSize = 6;
        const Eigen::Index past = 5;
        const Eigen::Index tokens = 9;
        const Matrix queries = Matrix::Random(tokens, 24);
        const Matrix keys = Matrix::Random(past + tokens, 12);
        const Matrix values = Matrix::Random(past + tokens, 12);
        Matrix out(4, 24);
        for (const Arithmetic arithmetic : {Arithmetic::float32, fastestArithmetic()}) {
            const float bound = arithmetic == Arithmetic::float32 ? 1e-5F : 2e-2F;
            for (std::size_t source = 0; source < 2; ++source) {
                PackedHead head;
                const auto column = static_cast<Eigen::Index>(6 * source);
                head.pack(keys.middleCols(column, 6), values.middleCols(column, 6), arithmetic);
                attend(config, static_cast<std::size_t>(window), queries, head, source, past, 3,
                       out); // rows 3 … 6
            }
            QVERIFY(worstAttention(queries, keys, values, past, window, out) < bound);
        }
    }
};

QTEST_APPLESS_MAIN(KernelTest)
#include "tst_kernels.moc"
