// SPDX-License-Identifier: GPL-3.0-or-later
#include "codec/codec.h"
#include "codec_samples.h"

#include <QTest>

using namespace planish;
using namespace planish::test;

namespace {

double gaussianError(const std::string& codec) {
    static const Matrix sample = normalSample(128, 2048);
    return storageError(sample, Bench(2).roundTrip(codec, sample)).relative;
}

/// Squared error of every group of a row of `columns`.
std::vector<double> groupErrors(const Matrix& weights, const Matrix& stored, Eigen::Index group) {
    std::vector<double> errors;
    for (Eigen::Index row = 0; row < weights.rows(); ++row) {
        for (Eigen::Index at = 0; at < weights.cols(); at += group) {
            const Eigen::Index size = std::min(group, weights.cols() - at);
            errors.push_back((weights.row(row).segment(at, size).cast<double>() -
                              stored.row(row).segment(at, size).cast<double>())
                                 .squaredNorm());
        }
    }
    return errors;
}

/// Rows of different character: Gaussian, heavy tails, one outlier, one-sided, far from zero, few values.
Matrix mixedSample() {
    Matrix sample = normalSample(48, 200, 9);
    for (Eigen::Index row = 0; row < sample.rows(); ++row) {
        auto values = sample.row(row).array();
        switch (row % 6) {
        case 1:
            values = values.cube();
            break;
        case 2:
            values(row) = 40;
            break;
        case 3:
            values = values.abs() * 0.01F;
            break;
        case 4:
            values = values * 0.01F + 5.0F;
            break;
        case 5:
            values = values.round();
            break;
        default:
            break;
        }
    }
    return sample;
}

} // namespace

class CodecQualityTest : public QObject {
    Q_OBJECT

  private slots:
    /// Known squared errors on N(0,1): minimum/maximum and largest-magnitude scaling over groups of 64, and 8
    /// Lloyd-Max levels (Max, 1960, table I).
    void gaussian_errors_are_the_known_ones_data() {
        QTest::addColumn<QString>("codec");
        QTest::addColumn<double>("expected");
        QTest::newRow("int4") << "int4:g64" << 0.00803;
        QTest::newRow("uint4") << "uint4:g64" << 0.00827;
        QTest::newRow("int3") << "int3:g64" << 0.0370;
        QTest::newRow("nf4") << "nf4:g64" << 0.0085;
        QTest::newRow("nf3") << "nf3:g64" << 0.0405;
        QTest::newRow("lloyd2") << "lloyd2:row" << 0.1175;
        QTest::newRow("lloyd3") << "lloyd3:row" << 0.0346;
        QTest::newRow("lloyd4") << "lloyd4:row" << 0.009497;
    }
    void gaussian_errors_are_the_known_ones() {
        QFETCH(QString, codec);
        QFETCH(double, expected);
        const double found = gaussianError(codec.toStdString());
        QVERIFY2(std::fabs(found / expected - 1) < 0.02, qPrintable(QString::number(found)));
    }

    void clipping_by_squared_error_reaches_the_known_gaussian_errors() {
        QVERIFY(gaussianError("int4:g64+mse") < 0.00736);
        QVERIFY(gaussianError("int4:g128+mse") < 0.00886);
        QVERIFY(gaussianError("int3:g128+mse") < 0.0335);
        // No 8 levels do better on a Gaussian than Lloyd and Max's, but for fitting each group.
        QVERIFY(gaussianError("int3:g1024+mse") > 0.0345);
    }

    void refinement_gains_much_of_what_the_search_gains() {
        for (const std::string codec : {"int4:g16", "int4:g64", "int3:g64", "int2:g64"}) {
            const double nearest = gaussianError(codec);
            const double refine = gaussianError(codec + "+refine");
            const double mse = gaussianError(codec + "+mse");
            QVERIFY2(nearest - refine > 0.6 * (nearest - mse), codec.c_str());
        }
    }

    void searching_harder_is_never_worse_in_any_group() {
        const Matrix sample = mixedSample();
        Bench bench(2);
        for (const std::string codec :
             {"int2:g32", "int3:g16", "int4:g64", "int8:g32", "int4:row", "int4:sym:g32", "int2:sym:g16",
              "uint4:g32", "uint2:g16", "nf3:g64", "nf4:g32", "nf4:g32:scale=bf16", "lloyd3:g32"}) {
            const Eigen::Index group =
                codec.find(":row") != std::string::npos ? 200 : std::stoi(codec.substr(codec.find(":g") + 2));
            const auto errorsOf = [&](const std::string& rounding) {
                return groupErrors(sample, bench.roundTrip(codec + rounding, sample), group);
            };
            const auto nearest = errorsOf("");
            const auto refine = errorsOf("+refine");
            const auto mse = errorsOf("+mse");
            for (std::size_t i = 0; i < nearest.size(); ++i) {
                QVERIFY2(refine[i] <= nearest[i] * (1 + 1e-9), codec.c_str());
                QVERIFY2(mse[i] <= refine[i] * (1 + 1e-9), codec.c_str());
            }
        }
    }

    /// The units follow what the rounding wants, so a group may lose by them, but not the tensor.
    void searching_harder_helps_with_shared_units_too() {
        const Matrix sample = mixedSample();
        const auto error = [&](const std::string& codec) {
            return storageError(sample, Bench(2).roundTrip(codec, sample)).relative;
        };
        for (const std::string codec :
             {"int4:g32:scale=int8", "int3:sym:g32:scale=int8", "int3:g16:scale=int6",
              "int4:sym:g16:scale=int6", "nf3:g32:scale=int6"}) {
            QVERIFY2(error(codec + "+refine") < error(codec), codec.c_str());
            QVERIFY2(error(codec + "+mse") < error(codec + "+refine"), codec.c_str());
        }
    }

    void the_hadamard_transform_helps_where_weights_stand_out() {
        Matrix sample = normalSample(32, 1024);
        for (Eigen::Index row = 0; row < 32; ++row) {
            sample(row, row * 7) = 30;
        }
        const auto error = [&](const std::string& codec) {
            return storageError(sample, Bench().roundTrip(codec, sample)).relative;
        };
        QVERIFY(error("int3:g128+rht") < 0.5 * error("int3:g128"));
    }

    void int8_parameters_cost_little_quality() {
        QVERIFY(gaussianError("int4:g64:scale=int8") < 1.05 * gaussianError("int4:g64"));
        QVERIFY(gaussianError("int4:g64:scale=int8+mse") < 1.02 * gaussianError("int4:g64+mse"));
    }

    void int6_parameters_save_half_a_bit_for_a_few_percent_of_error() {
        for (const std::string rounding : {"", "+refine", "+mse"}) {
            QVERIFY(gaussianError("int4:g32:scale=int6" + rounding) <
                    1.05 * gaussianError("int4:g32" + rounding));
        }
        QVERIFY(gaussianError("int4:sym:g32:scale=int6+mse") < 1.03 * gaussianError("int4:sym:g32+mse"));
        QVERIFY(gaussianError("nf3:g32:scale=int6+mse") < 1.03 * gaussianError("nf3:g32+mse"));
    }

    void minima_of_both_signs_keep_a_bounded_error_with_int6() {
        const Matrix sample = mixedSample().array() + 0.5F;
        const double plain = storageError(sample, Bench(2).roundTrip("int6:g16", sample)).relative;
        QVERIFY(storageError(sample, Bench(2).roundTrip("int6:g16:scale=int6", sample)).relative < 4 * plain);
    }

    void searching_gains_for_lloyd_max_levels_too() {
        QVERIFY(gaussianError("lloyd3:g64+mse") < 0.95 * gaussianError("lloyd3:g64"));
        QVERIFY(gaussianError("lloyd3:g64+mse") < gaussianError("nf3:g64+mse"));
    }
};

QTEST_APPLESS_MAIN(CodecQualityTest)
#include "tst_codec_quality.moc"
