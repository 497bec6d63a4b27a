// SPDX-License-Identifier: GPL-3.0-or-later
#include "algebra/inverse_factor.h"
#include "codec/codec.h"
#include "codec/grid_format.h"
#include "codec/rounding.h"
#include "codec_samples.h"
#include "test_support.h"

#include <Eigen/Cholesky>
#include <Eigen/LU>

#include <QTest>
#include <numeric>

using namespace planish;
using namespace planish::test;

namespace {

/// GPTQ as its paper writes it: the inverse of H formed, one column after the other, everything in double.
Matrix textbook(const Matrix& weights, const InputStatistics& inputs, int bits, Eigen::Index group) {
    Eigen::MatrixXd hessian = inputs.hessian.cast<double>();
    hessian.diagonal().array() += 0.01 * hessian.diagonal().mean();
    const Eigen::MatrixXd inverse = hessian.inverse();
    const Eigen::MatrixXd factor = inverse.llt().matrixU();
    const auto format = makeIntegerFormat(bits, false, static_cast<std::size_t>(group), ScaleType::fp16);
    const NearestChoice choice;
    Matrix stored(weights.rows(), weights.cols());
    for (Eigen::Index row = 0; row < weights.rows(); ++row) {
        Eigen::VectorXd left = weights.row(row).transpose().cast<double>();
        Vector start = left.cast<float>();
        const auto encoder = format->startRow({start.data(), static_cast<std::size_t>(start.size())}, choice);
        for (Eigen::Index j = 0; j < left.size(); ++j) {
            if (j % group == 0) {
                const Vector values = left.segment(j, std::min(group, left.size() - j)).cast<float>();
                encoder->chooseLevels(static_cast<std::size_t>(j / group),
                                      {values.data(), static_cast<std::size_t>(values.size())}, {});
            }
            stored(row, j) = encoder->round(static_cast<std::size_t>(j), static_cast<float>(left[j]));
            const double error = (left[j] - static_cast<double>(stored(row, j))) / factor(j, j);
            const Eigen::Index later = left.size() - j - 1;
            left.tail(later) -= error * factor.row(j).tail(later).transpose();
        }
    }
    return stored;
}

std::optional<Matrix> inverseFactorOf(const Eigen::MatrixXd& hessian, Workers& workers) {
    const auto lower = [&](std::size_t row, std::size_t first, std::span<double> numbers) {
        for (std::size_t i = 0; i < numbers.size(); ++i) {
            numbers[i] = hessian(static_cast<Eigen::Index>(row), static_cast<Eigen::Index>(first + i));
        }
    };
    return inverseFactor(static_cast<std::size_t>(hessian.rows()), lower, workers, SilentMonitor());
}

/// What the outputs lose when the weights see `original` and what is stored sees `inputs`.
double outputError(const Matrix& weights, const Matrix& original, const Matrix& stored,
                   const Matrix& inputs) {
    return (weights.cast<double>() * original.cast<double>().transpose() -
            stored.cast<double>() * inputs.cast<double>().transpose())
        .squaredNorm();
}

} // namespace

class GptqTest : public QObject {
    Q_OBJECT

  private slots:
    void the_inverse_factor_is_one_of_the_inverse_data() {
        QTest::addColumn<int>("size");
        for (const int size : {1, 5, 191, 192, 193, 500}) {
            QTest::newRow(qPrintable(QString::number(size))) << size;
        }
    }
    void the_inverse_factor_is_one_of_the_inverse() {
        QFETCH(int, size);
        Eigen::MatrixXd hessian = statisticsOf(correlatedInputs(2 * size + 3, size)).hessian.cast<double>();
        hessian.diagonal().array() += 0.01 * hessian.diagonal().mean();
        Workers one(1);
        Workers three(3);
        const auto factor = inverseFactorOf(hessian, one);
        QVERIFY(factor.has_value());
        QVERIFY(factor->isUpperTriangular());
        QVERIFY(*factor == *inverseFactorOf(hessian, three));
        const Eigen::MatrixXd precise = factor->cast<double>();
        const Eigen::MatrixXd identity = precise * hessian * precise.transpose();
        QVERIFY((identity - Eigen::MatrixXd::Identity(size, size)).cwiseAbs().maxCoeff() < 1e-4);
    }

    void what_is_not_positive_definite_has_no_factor() {
        Workers workers(1);
        Eigen::MatrixXd matrix = Eigen::MatrixXd::Identity(200, 200);
        matrix(170, 170) = -1;
        QVERIFY(!inverseFactorOf(matrix, workers));
        matrix(170, 170) = std::nan("");
        QVERIFY(!inverseFactorOf(matrix, workers));
    }

    void it_is_the_algorithm_of_the_paper_data() {
        QTest::addColumn<int>("bits");
        QTest::addColumn<int>("group");
        QTest::addColumn<int>("columns");
        QTest::newRow("groups within a block") << 3 << 32 << 256;
        QTest::newRow("a group a block") << 4 << 128 << 300;
        QTest::newRow("groups over blocks") << 4 << 200 << 500;
        QTest::newRow("groups that do not divide a block") << 3 << 48 << 250;
    }
    void it_is_the_algorithm_of_the_paper() {
        QFETCH(int, bits);
        QFETCH(int, group);
        QFETCH(int, columns);
        const Matrix weights = normalSample(50, columns);
        const InputStatistics inputs = statisticsOf(correlatedInputs(4 * columns, columns));
        const std::string codec =
            "int" + std::to_string(bits) + ":g" + std::to_string(group) + "+gptq:minmax";
        Bench bench;
        const Matrix expected = textbook(weights, inputs, bits, group);
        const Matrix found = bench.roundTrip(codec, weights, &inputs);
        // A weight in the middle between two levels may go either way, and then others do; most rows agree.
        int same = 0;
        for (Eigen::Index row = 0; row < weights.rows(); ++row) {
            same += (expected.row(row) - found.row(row)).cwiseAbs().maxCoeff() < 1e-5F ? 1 : 0;
        }
        QVERIFY2(same >= 35, qPrintable(QString::number(same)));
        const double loss = proxyLoss(weights, found, inputs, bench.workers);
        const double textbookLoss = proxyLoss(weights, expected, inputs, bench.workers);
        QVERIFY2(std::abs(loss / textbookLoss - 1) < 0.01,
                 qPrintable(QString("%1 %2").arg(loss).arg(textbookLoss)));
    }

    void outputs_lose_less_than_by_nearest_rounding_data() {
        QTest::addColumn<QString>("codec");
        QTest::addColumn<QString>("plain");
        for (const auto& [codec, plain] : std::vector<std::pair<QString, QString>>{
                 {"int2:g32+gptq", "int2:g32+mse"},
                 {"int3:g128+gptq", "int3:g128+mse"},
                 {"int3:g128+gptq:order", "int3:g128+mse"},
                 {"int4:g64+gptq:minmax", "int4:g64"},
                 {"int4:g64+gptq:minmax:order:asymmetric", "int4:g64"},
                 {"int8:row+gptq", "int8:row"},
                 {"int4:sym:g64:scale=int6+gptq", "int4:sym:g64:scale=int6+mse"},
                 {"nf4:g64+gptq", "nf4:g64+mse"},
                 {"lloyd3:row+gptq", "lloyd3:row"},
                 {"codebook3:row+gptq", "codebook3:row"},
                 {"codebook2:g64+gptq:order", "codebook2:g64"},
                 {"Q4_K+gptq", "Q4_K+mse"},
                 {"Q3_K+gptq", "Q3_K+mse"},
                 {"IQ4_XS+gptq", "IQ4_XS+mse"},
                 {"int3:g64+rht+gptq", "int3:g64+rht+mse"},
                 {"int3:g64+sinq+gptq", "int3:g64+sinq"},
                 {"int3:g64+gptq+tune", "int3:g64+mse+tune"}}) {
            QTest::newRow(qPrintable(codec)) << codec << plain;
        }
    }
    void outputs_lose_less_than_by_nearest_rounding() {
        QFETCH(QString, codec);
        QFETCH(QString, plain);
        const Matrix weights = normalSample(96, 512);
        const InputStatistics inputs = statisticsOf(correlatedInputs(4096, 512));
        Bench bench;
        const double fed =
            proxyLoss(weights, bench.roundTrip(codec.toStdString(), weights, &inputs), inputs, bench.workers);
        const double direct =
            proxyLoss(weights, bench.roundTrip(plain.toStdString(), weights, &inputs), inputs, bench.workers);
        QVERIFY2(fed < 0.8 * direct, qPrintable(QString("%1 against %2").arg(fed).arg(direct)));
    }

    void a_diagonal_hessian_is_nearest_rounding_byte_for_byte_data() {
        QTest::addColumn<QString>("codec");
        for (const char* codec : {"int3:g64", "int4:sym:g32", "uint4:g32", "nf4:g64", "int4:g32:scale=int6",
                                  "Q4_K", "int3:g64+rht"}) {
            QTest::newRow(codec) << codec;
        }
    }
    void a_diagonal_hessian_is_nearest_rounding_byte_for_byte() {
        QFETCH(QString, codec);
        const Matrix weights = normalSample(50, 512);
        const InputStatistics inputs = statisticsOf(correlatedInputs(1024, 512));
        Bench bench;
        const PackedTensor plain = bench.encode(codec.toStdString(), weights);
        QVERIFY(bench.encode(codec.toStdString() + "+obd", weights, &inputs).bytes == plain.bytes);
        QVERIFY(bench.encode(codec.toStdString() + "+gptq:minmax", weights, &inputs).bytes != plain.bytes);
    }

    void asymmetric_targets_are_the_outputs_of_the_unquantized_model_data() {
        QTest::addColumn<QString>("options");
        QTest::newRow("in order") << "";
        QTest::newRow("by activation") << ":order";
    }
    void asymmetric_targets_are_the_outputs_of_the_unquantized_model() {
        QFETCH(QString, options);
        const Matrix weights = normalSample(64, 200);
        const Matrix original = correlatedInputs(3000, 200);
        const Matrix drift = 0.3F * correlatedInputs(3000, 200, 99);
        const Matrix inputs = original + drift;
        InputStatistics statistics = statisticsOf(inputs);
        statistics.crossMoment =
            (inputs.cast<double>().transpose() * original.cast<double>() / 3000.0).cast<float>();
        Bench bench;
        const std::string codec = "int4:g64+gptq" + options.toStdString();
        const double without =
            outputError(weights, original, bench.roundTrip(codec, weights, &statistics), inputs);
        const double with = outputError(weights, original,
                                        bench.roundTrip(codec + ":asymmetric", weights, &statistics), inputs);
        // The least that any weights reach, by least squares.
        const Eigen::MatrixXd best = statistics.hessian.cast<double>().ldlt().solve(
            statistics.crossMoment.cast<double>() * weights.cast<double>().transpose());
        const double least = outputError(weights, original, best.transpose().cast<float>(), inputs);
        QVERIFY2(with < least + 0.5 * (without - least),
                 qPrintable(QString("%1 %2 %3").arg(without).arg(with).arg(least)));
        statistics.crossMoment = statistics.hessian;
        QVERIFY(bench.encode(codec + ":asymmetric", weights, &statistics).bytes ==
                bench.encode(codec, weights, &statistics).bytes);
    }

    void too_few_tokens_take_more_damping() {
        const Matrix weights = normalSample(20, 256);
        Bench bench;
        const InputStatistics oneToken = statisticsOf(correlatedInputs(1, 256));
        const Matrix stored = bench.roundTrip("int4:g64+gptq", weights, &oneToken);
        QVERIFY(storageError(weights, stored).relative < 0.05);

        InputStatistics nothing = statisticsOf(Matrix::Zero(4, 256));
        QVERIFY(bench.encode("int4:g64+gptq:minmax", weights, &nothing).bytes ==
                bench.encode("int4:g64", weights).bytes);

        InputStatistics impossible = statisticsOf(correlatedInputs(900, 256));
        impossible.hessian = -impossible.hessian;
        QVERIFY(storageError(weights, bench.roundTrip("int4:g64+gptq", weights, &impossible)).relative <
                0.05);
        impossible.hessian.setConstant(std::nanf(""));
        const QString message = errorOf([&] { bench.encode("int4:g64+gptq", weights, &impossible); });
        QVERIFY2(message.contains("statistics"), qPrintable(message));
    }

    void columns_without_input_are_rounded_as_if_they_were_alone() {
        const Matrix weights = normalSample(20, 256);
        Matrix inputs = correlatedInputs(1024, 256);
        inputs.middleCols(64, 64).setZero();
        const InputStatistics statistics = statisticsOf(inputs);
        Bench bench;
        const Matrix stored = bench.roundTrip("int4:g64+gptq:minmax", weights, &statistics);
        QVERIFY(stored.middleCols(64, 64) == bench.roundTrip("int4:g64", weights).middleCols(64, 64));
    }

    void bytes_are_the_same_for_every_thread_count() {
        const Matrix weights = normalSample(130, 400);
        const InputStatistics inputs = statisticsOf(correlatedInputs(1000, 400));
        Bench one(1);
        Bench three(3);
        for (const char* codec : {"int3:g64+gptq", "int3:g64+gptq:order", "codebook3:row+gptq"}) {
            QVERIFY(one.encode(codec, weights, &inputs).bytes == three.encode(codec, weights, &inputs).bytes);
        }
    }

    void it_can_be_cancelled() {
        const Matrix weights = normalSample(200, 600);
        const InputStatistics inputs = statisticsOf(correlatedInputs(1000, 600));
        Workers workers(2);
        CancelAfter monitor(20);
        QVERIFY_THROWS_EXCEPTION(
            Cancelled, Codec::parse("int3:g64+gptq").encode(weights, {workers, monitor, 0, &inputs}));
    }

    void statistics_are_required() {
        Bench bench;
        const QString message = errorOf([&] { bench.encode("int4:g64+gptq", normalSample(4, 64)); });
        QVERIFY2(message.contains("statistics"), qPrintable(message));
    }
};

QTEST_APPLESS_MAIN(GptqTest)
#include "tst_gptq.moc"
