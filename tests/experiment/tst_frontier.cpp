// SPDX-License-Identifier: GPL-3.0-or-later
#include "experiment/frontier.h"

#include <QRandomGenerator>
#include <QtTest>
#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>

using namespace planish;

namespace {

constexpr double notANumber = std::numeric_limits<double>::quiet_NaN();
using Indices = std::vector<std::size_t>;

/// The definition taken literally, in O(n²).
Indices frontByDefinition(const std::vector<FrontierPoint>& points) {
    Indices front;
    for (std::size_t i = 0; i < points.size(); ++i) {
        bool optimal = !std::isnan(points[i].size) && !std::isnan(points[i].loss);
        for (std::size_t j = 0; j < points.size(); ++j) {
            const bool atMost = points[j].size <= points[i].size && points[j].loss <= points[i].loss;
            const bool equal = points[j].size == points[i].size && points[j].loss == points[i].loss;
            optimal = optimal && !(atMost && (!equal || j < i));
        }
        if (optimal) {
            front.push_back(i);
        }
    }
    std::sort(front.begin(), front.end(),
              [&](std::size_t a, std::size_t b) { return points[a].size < points[b].size; });
    return front;
}

RunRecord run(double bits, double delta) {
    RunRecord record;
    record.model = "folio-4m";
    record.modelFingerprint = "f";
    record.corpus = "literature";
    record.corpusSha256 = "c";
    record.convention = "standard";
    record.context = 512;
    record.windows = 32;
    record.bitsPerWeight = bits;
    record.deltaPplPercent = delta;
    return record;
}

} // namespace

class FrontierTest : public QObject {
    Q_OBJECT

  private slots:
    void the_front_is_that_of_the_definition();
    void of_equal_points_the_first_counts();
    void points_without_a_number_never_belong();
    void an_infinite_loss_is_still_a_point();
    void the_knee_is_the_point_farthest_below_the_line_between_the_ends();
    void hypervolume_is_the_dominated_share_of_the_box();
    void only_runs_on_the_same_model_text_and_settings_compete();
};

void FrontierTest::the_front_is_that_of_the_definition() {
    QRandomGenerator random(11);
    for (int round = 0; round < 300; ++round) {
        // Few distinct values, so that ties in one and in both coordinates are common.
        const quint32 values = 2 + random.bounded(30U);
        std::vector<FrontierPoint> points(random.bounded(60U));
        for (FrontierPoint& point : points) {
            point = {static_cast<double>(random.bounded(values)),
                     static_cast<double>(random.bounded(values))};
            if (random.bounded(20U) == 0) {
                (random.bounded(2U) == 0 ? point.size : point.loss) = notANumber;
            }
        }
        QCOMPARE(paretoFront(points), frontByDefinition(points));
    }
}

void FrontierTest::of_equal_points_the_first_counts() {
    const FrontierPoint points[] = {{4, 2}, {3, 5}, {4, 2}, {3, 5}, {4, 5}, {5, 2}};
    QCOMPARE(paretoFront(points), (Indices{1, 0}));
}

void FrontierTest::points_without_a_number_never_belong() {
    const FrontierPoint points[] = {{notANumber, 1}, {1, notANumber}, {notANumber, notANumber}, {4, 1}};
    QCOMPARE(paretoFront(points), (Indices{3}));
    QVERIFY(paretoFront({}).empty());
}

void FrontierTest::an_infinite_loss_is_still_a_point() {
    const double infinite = std::numeric_limits<double>::infinity();
    const FrontierPoint points[] = {{2, infinite}, {3, infinite}, {4, 1}};
    QCOMPARE(paretoFront(points), (Indices{0, 2}));
}

void FrontierTest::only_runs_on_the_same_model_text_and_settings_compete() {
    const RunRecord best = run(4, 1);
    const RunRecord worse = run(5, 2);
    QCOMPARE(onFrontier(std::vector{worse, best}), (std::vector<bool>{false, true}));
    const std::vector<std::function<void(RunRecord&)>> differences = {
        [](RunRecord& r) { r.modelFingerprint = "another"; },
        [](RunRecord& r) { r.corpusSha256 = "another"; },
        [](RunRecord& r) { r.convention = "strided"; },
        [](RunRecord& r) { r.context = 1024; },
        [](RunRecord& r) { r.windows = 64; },
        [](RunRecord& r) { r.stride = 256; }};
    for (const auto& change : differences) {
        RunRecord other = worse;
        change(other);
        QCOMPARE(onFrontier(std::vector{other, best, worse}), (std::vector<bool>{true, true, false}));
    }
    RunRecord elsewhere = worse;
    elsewhere.model = "/models/folio-4m"; // the same content opened by another name
    QCOMPARE(onFrontier(std::vector{elsewhere, best}), (std::vector<bool>{false, true}));
}

void FrontierTest::the_knee_is_the_point_farthest_below_the_line_between_the_ends() {
    const std::vector<FrontierPoint> front{{2, 100}, {3, 4}, {4, 3}, {8, 1}};
    QCOMPARE(kneeOf(front), std::optional<std::size_t>(1));
    QVERIFY(!kneeOf(std::vector<FrontierPoint>{{2, 3}, {3, 1}}));
    // Halved with each step: a straight line of logarithms.
    QVERIFY(!kneeOf(std::vector<FrontierPoint>{{2, 4}, {3, 2}, {4, 1}}));
}

void FrontierTest::hypervolume_is_the_dominated_share_of_the_box() {
    QCOMPARE(hypervolume(std::vector<FrontierPoint>{{2, 4}, {4, 2}}), 0.0); // they only touch its edges
    QCOMPARE(hypervolume(std::vector<FrontierPoint>{{2, 4}, {4, 2}, {3, 3}}), 0.0625);         // 1 of 4 × 4
    QCOMPARE(hypervolume(std::vector<FrontierPoint>{{2, 4}, {4, 2}, {3, 3}, {4, 4}}), 0.0625); // dominated
    QCOMPARE(hypervolume(std::vector<FrontierPoint>{{2, 4}}), 0.0);
    QCOMPARE(hypervolume({}), 0.0);
}

QTEST_GUILESS_MAIN(FrontierTest)
#include "tst_frontier.moc"
