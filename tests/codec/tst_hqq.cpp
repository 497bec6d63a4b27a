// SPDX-License-Identifier: GPL-3.0-or-later
#include "codec/codec.h"
#include "codec_samples.h"

#include <QTest>

using namespace planish;
using namespace planish::test;

namespace {

/// Σ|w − ŵ|^0.7 of every group of a row.
std::vector<double> groupObjectives(const Matrix& weights, const Matrix& stored, Eigen::Index group) {
    std::vector<double> objectives;
    for (Eigen::Index row = 0; row < weights.rows(); ++row) {
        for (Eigen::Index at = 0; at < weights.cols(); at += group) {
            const Eigen::Index size = std::min(group, weights.cols() - at);
            const Eigen::RowVectorXd errors = weights.row(row).segment(at, size).cast<double>() -
                                              stored.row(row).segment(at, size).cast<double>();
            objectives.push_back(errors.array().abs().pow(0.7).sum());
        }
    }
    return objectives;
}

double sumOf(const std::vector<double>& values) {
    double sum = 0;
    for (const double value : values) {
        sum += value;
    }
    return sum;
}

} // namespace

class HqqTest : public QObject {
    Q_OBJECT

  private slots:
    void the_objective_never_grows_in_any_group() {
        Matrix sample = normalSample(24, 200, 9);
        sample.row(3) = sample.row(3).array().cube();
        sample.row(5) = sample.row(5).array() * 0.01F + 5.0F;
        sample.row(7) = sample.row(7).array().round();
        sample.row(9).setZero();
        sample(11, 100) = 40;
        Bench bench(2);
        const auto objectives = [&](const std::string& codec, Eigen::Index group) {
            return groupObjectives(sample, bench.roundTrip(codec, sample), group);
        };
        const std::vector<std::pair<std::string, Eigen::Index>> codecs{
            {"int2:g32", 32}, {"int3:g16", 16},           {"int4:g64", 64},
            {"int8:g32", 32}, {"int4:row", 200},          {"int4:sym:g32", 32},
            {"nf3:g64", 64},  {"nf4:g32:scale=bf16", 32}, {"lloyd3:g64", 64}};
        for (const auto& [codec, group] : codecs) {
            const auto nearest = objectives(codec, group);
            const auto hqq = objectives(codec + "+hqq", group);
            for (std::size_t i = 0; i < nearest.size(); ++i) {
                QVERIFY2(hqq[i] <= nearest[i] * (1 + 1e-5), codec.c_str());
            }
            QVERIFY2(sumOf(hqq) < sumOf(nearest), codec.c_str());
        }
        // Units that groups share follow what the rounding wants: a group may lose by them, but not all.
        const std::string shared = "int4:g32:scale=int8";
        QVERIFY(sumOf(objectives(shared + "+hqq", 32)) < sumOf(objectives(shared, 32)));
    }

    /// All weights but the outermost two lie on a grid that the covering grid misses by a third of a step.
    void an_offset_that_fits_most_weights_is_found() {
        Matrix weights(1, 32);
        for (Eigen::Index i = 0; i < 32; ++i) {
            weights(0, i) = static_cast<float>(i % 15);
        }
        weights(0, 0) = -0.3125F;
        weights(0, 14) = 14.6875F;
        const auto largestBulkError = [&](const std::string& codec) {
            const Matrix stored = Bench().roundTrip(codec, weights);
            return (stored - weights).middleCols(1, 13).cwiseAbs().maxCoeff();
        };
        QVERIFY(largestBulkError("int4:g32") > 0.3F);
        QVERIFY(largestBulkError("int4:g32+hqq") < 0.03F);
        QVERIFY(largestBulkError("int4:g32+mse") < 0.1F);
    }

    void the_result_follows_the_size_of_the_weights() {
        const Matrix weights = normalSample(8, 256);
        const Matrix stored = Bench().roundTrip("int3:g64+hqq", weights);
        QVERIFY(Bench().roundTrip("int3:g64+hqq", weights * 0.125F).isApprox(stored * 0.125F, 1e-6F));
    }

    void weights_out_of_range_are_stored_as_well_as_can_be() {
        for (const float large : {1e20F, 3e38F}) {
            QVERIFY(Bench().roundTrip("int4:g16+hqq", normalSample(2, 32) * (large / 8)).allFinite());
            QVERIFY(Bench().roundTrip("nf4:g16+hqq", normalSample(2, 32) / large).allFinite());
        }
    }
};

QTEST_APPLESS_MAIN(HqqTest)
#include "tst_hqq.moc"
