// SPDX-License-Identifier: GPL-3.0-or-later
#include "evaluation/metrics.h"

#include <QTest>
#include <cmath>
#include <limits>
#include <random>

using namespace planish;

class MetricsTest : public QObject {
    Q_OBJECT

  private slots:
    void equal_losses_have_no_delta_and_no_error() {
        const std::vector<double> nll{100, 120, 90};
        const PerplexityDelta delta = perplexityDelta(nll, nll, 10);
        QCOMPARE(delta.percent, 0.0);
        QCOMPARE(delta.standardErrorPercent, 0.0);
    }

    void the_delta_is_that_of_the_perplexities() {
        const std::vector<double> changed{101, 122, 93};
        const std::vector<double> reference{100, 120, 90};
        const double expected = 100 * (perplexity(316, 30) / perplexity(310, 30) - 1);
        QVERIFY(std::abs(perplexityDelta(changed, reference, 10).percent - expected) < 1e-9);
    }

    void pairing_removes_what_windows_have_in_common() {
        std::mt19937 random(1);
        std::normal_distribution<double> text(1000, 100);
        std::normal_distribution<double> change(5, 1);
        std::vector<double> reference(200);
        std::vector<double> changed(200);
        for (std::size_t i = 0; i < 200; ++i) {
            reference[i] = text(random);
            changed[i] = reference[i] + change(random);
        }
        const PerplexityDelta delta = perplexityDelta(changed, reference, 100);
        // 1 nat of spread over 100 tokens and 200 windows: 0.01 / sqrt(200) = 0.071 %, times PPL ratio 1.05.
        QVERIFY(std::abs(delta.standardErrorPercent - 0.0743) < 0.01);
        QVERIFY(perplexityStandardError(changed, 100) > 20 * delta.standardErrorPercent);
    }

    void the_interval_covers_the_truth_also_where_neighbours_are_alike_data() {
        QTest::addColumn<double>("correlation");
        QTest::addColumn<int>("windows");
        QTest::addRow("independent") << 0.0 << 40;
        QTest::addRow("alike") << 0.5 << 216;
    }
    void the_interval_covers_the_truth_also_where_neighbours_are_alike() {
        QFETCH(double, correlation);
        QFETCH(int, windows);
        std::mt19937 random(2);
        std::normal_distribution<double> change(0, 3);
        int covered = 0;
        int coveredByError = 0;
        for (int trial = 0; trial < 200; ++trial) {
            std::vector<double> changed;
            double last = 0;
            for (int i = 0; i < windows; ++i) {
                last = correlation * last + change(random);
                changed.push_back(502 + last);
            }
            const std::vector<double> reference(changed.size(), 500);
            const double truth = 100 * std::expm1(0.02);
            const PerplexityInterval interval = perplexityInterval(changed, reference, 100);
            const PerplexityDelta delta = perplexityDelta(changed, reference, 100);
            QVERIFY(interval.lowPercent < delta.percent && delta.percent < interval.highPercent);
            covered += interval.lowPercent < truth && truth < interval.highPercent ? 1 : 0;
            coveredByError += std::abs(delta.percent - truth) < 1.96 * delta.standardErrorPercent ? 1 : 0;
        }
        QVERIFY2(covered >= 174 && covered <= 198, qPrintable(QString::number(covered)));
        QVERIFY(correlation == 0 || coveredByError < 160);
    }

    void one_window_has_no_interval() {
        const std::vector<double> one{100};
        QVERIFY(std::isnan(perplexityInterval(one, one, 10).lowPercent));
        const std::vector<double> two{100, 100};
        QCOMPARE(perplexityInterval(two, two, 10).highPercent, 0.0);
    }

    void the_error_covers_the_truth_about_as_often_as_it_claims() {
        std::mt19937 random(2);
        std::normal_distribution<double> change(2, 3);
        int covered = 0;
        for (int trial = 0; trial < 400; ++trial) {
            std::vector<double> reference(30, 500);
            std::vector<double> changed(30);
            for (double& value : changed) {
                value = 500 + change(random);
            }
            const PerplexityDelta delta = perplexityDelta(changed, reference, 100);
            const double truth = 100 * std::expm1(0.02);
            covered += std::abs(delta.percent - truth) < 1.96 * delta.standardErrorPercent ? 1 : 0;
        }
        QVERIFY2(covered > 360 && covered < 392, qPrintable(QString::number(covered)));
    }

    void one_window_has_no_error_bar() {
        QVERIFY(std::isnan(
            perplexityDelta(std::vector<double>{10}, std::vector<double>{11}, 5).standardErrorPercent));
    }

    void quantiles_are_the_smallest_values_that_enough_tokens_do_not_exceed() {
        std::vector<float> values;
        for (int i = 1; i <= 200; ++i) {
            values.push_back(static_cast<float>(201 - i));
        }
        const DivergenceSummary summary = summarizeDivergence(values);
        QCOMPARE(summary.mean, 100.5);
        QCOMPARE(summary.median, 100.0);
        QCOMPARE(summary.p99, 198.0);
        QCOMPARE(summary.maximum, 200.0);
    }

    void a_broken_token_shows() {
        QVERIFY(std::isnan(summarizeDivergence({1, std::numeric_limits<float>::quiet_NaN(), 2}).p99));
    }
};

QTEST_APPLESS_MAIN(MetricsTest)
#include "tst_metrics.moc"
