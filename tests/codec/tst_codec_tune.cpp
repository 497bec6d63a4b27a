// SPDX-License-Identifier: GPL-3.0-or-later
#include "codec/codec.h"
#include "codec/grid_format.h"
#include "codec/number.h"
#include "codec/packed_numbers.h"
#include "codec/rounding.h"
#include "codec/row_fit.h"
#include "codec_samples.h"
#include "test_support.h"

#include <Eigen/QR>

#include <QTest>

using namespace planish;
using namespace planish::test;

namespace {

/// Mean squared error of the outputs of each row, where the weights see `original` and what is stored sees
/// `inputs`, both [tokens, columns].
Eigen::VectorXd rowErrors(const Matrix& weights, const Matrix& original, const Matrix& stored,
                          const Matrix& inputs) {
    const Eigen::MatrixXd missing = weights.cast<double>() * original.cast<double>().transpose() -
                                    stored.cast<double>() * inputs.cast<double>().transpose();
    return missing.rowwise().squaredNorm() / static_cast<double>(inputs.rows());
}

/// The dense matrix [columns, parameters] that the terms of a row stand for.
Eigen::MatrixXd denseTerms(const LinearRow& row) {
    const std::size_t columns = row.terms.size() / row.termsPerColumn;
    Eigen::MatrixXd dense = Eigen::MatrixXd::Zero(static_cast<Eigen::Index>(columns),
                                                  static_cast<Eigen::Index>(row.parameters.size()));
    for (std::size_t i = 0; i < row.terms.size(); ++i) {
        dense(static_cast<Eigen::Index>(i / row.termsPerColumn), row.terms[i].parameter) +=
            static_cast<double>(row.terms[i].coefficient);
    }
    return dense;
}

Eigen::VectorXd vectorOf(const std::vector<double>& numbers) {
    return Eigen::Map<const Eigen::VectorXd>(numbers.data(), static_cast<Eigen::Index>(numbers.size()));
}

} // namespace

class CodecTuneTest : public QObject {
    Q_OBJECT

  private slots:
    void parameters_are_the_least_squares_of_the_outputs_data() {
        QTest::addColumn<int>("group");
        QTest::addColumn<int>("columns");
        QTest::newRow("a scale and a minimum a group") << 32 << 128;
        QTest::newRow("a short last group") << 24 << 100;
        QTest::newRow("a group a row") << 0 << 70;
        QTest::newRow("more columns than a chunk") << 128 << 700;
    }
    void parameters_are_the_least_squares_of_the_outputs() {
        QFETCH(int, group);
        QFETCH(int, columns);
        const auto format = makeIntegerFormat(3, false, static_cast<std::size_t>(group), ScaleType::fp16);
        const auto count = static_cast<std::size_t>(columns);
        const Matrix weights = normalSample(1, columns);
        const Matrix inputs = correlatedInputs(3 * columns, columns);
        const InputStatistics statistics = statisticsOf(inputs);
        std::vector<std::byte> packed(format->rowBytes(count));
        Workers workers(1);
        SilentMonitor monitor;
        format->encode(weights, nullptr, {workers, monitor}, packed);
        const LinearRow row = format->openRow(packed, count);
        const Eigen::MatrixXd terms = denseTerms(row);
        Matrix stored(1, columns);
        format->decodeRow(packed, {stored.data(), count});
        const Eigen::VectorXd decoded = terms * vectorOf(row.parameters);
        QVERIFY((decoded.transpose().cast<float>() - stored).cwiseAbs().maxCoeff() < 1e-6F);

        const Eigen::MatrixXd outputs = inputs.cast<double>() * terms;
        const Eigen::VectorXd targets = inputs.cast<double>() * weights.row(0).transpose().cast<double>();
        const Eigen::VectorXd best = outputs.colPivHouseholderQr().solve(targets);
        const Eigen::VectorXd residual =
            statistics.hessian.cast<double>() * (weights - stored).row(0).transpose().cast<double>();
        const std::vector<float> free(count, 1.0F);
        const Eigen::VectorXd found =
            vectorOf(row.parameters) + vectorOf(leastSquaresStep(row, free, statistics.hessian, residual));
        const double least = (targets - outputs * best).squaredNorm();
        const double reached = (targets - outputs * found).squaredNorm();
        const double before = (targets - outputs * vectorOf(row.parameters)).squaredNorm();
        QVERIFY2(reached < least + 1e-3 * (before - least),
                 qPrintable(QString("%1 %2 %3").arg(before).arg(reached).arg(least)));
        QVERIFY(reached > least * (1 - 1e-9));
    }

    void no_row_loses_and_the_whole_gains_data() {
        QTest::addColumn<QString>("codec");
        QTest::addColumn<double>("atMost");
        QTest::newRow("int3") << "int3:g64" << 0.8;
        QTest::newRow("int3 of least squared error") << "int3:g64+mse" << 0.9;
        QTest::newRow("signed scales") << "int4:sym:g32" << 0.95;
        QTest::newRow("zero points") << "uint4:g32" << 0.95;
        QTest::newRow("a scale only") << "nf3:g64" << 0.9;
        QTest::newRow("double quantization") << "int3:g32:scale=int8" << 0.9;
        QTest::newRow("units of 8 groups") << "int3:g16:scale=int6" << 0.95;
        QTest::newRow("codebooks") << "codebook3:g64" << 0.95;
        QTest::newRow("codebooks a row") << "codebook3:row" << 0.95;
        QTest::newRow("super-blocks of llama.cpp") << "Q3_K" << 0.9;
        QTest::newRow("blocks of llama.cpp") << "Q4_0" << 0.95;
        QTest::newRow("transform") << "int3:g64+rht" << 0.9;
        QTest::newRow("outliers") << "int3:g64+outliers=1%" << 0.9;
        QTest::newRow("pruning") << "int3:g64+sparse=20%" << 0.9;
        QTest::newRow("a row a group") << "int3:row" << 0.95;
    }
    void no_row_loses_and_the_whole_gains() {
        QFETCH(QString, codec);
        QFETCH(double, atMost);
        const Matrix weights = normalSample(40, 256);
        const Matrix inputs = correlatedInputs(1500, 256);
        const InputStatistics statistics = statisticsOf(inputs);
        Bench bench(2);
        const std::string plain = codec.toStdString();
        const Eigen::VectorXd before =
            rowErrors(weights, inputs, bench.roundTrip(plain, weights, &statistics), inputs);
        const Eigen::VectorXd after =
            rowErrors(weights, inputs, bench.roundTrip(plain + "+tune", weights, &statistics), inputs);
        QVERIFY((after.array() <= before.array()).all());
        QVERIFY2(after.sum() < atMost * before.sum(),
                 qPrintable(QString::number(after.sum() / before.sum())));
    }

    void long_rows_are_fitted_by_bands() {
        // 600 parameters of two columns each, whose inputs hang together across the bands.
        const Eigen::Index columns = 1200;
        const Matrix inputs = correlatedInputs(900, columns);
        const InputStatistics statistics = statisticsOf(inputs);
        LinearRow row{2, 1, 1, std::vector<double>(600, 0.0), {}, {}};
        const Matrix coefficients = normalSample(1, columns);
        for (Eigen::Index column = 0; column < columns; ++column) {
            row.terms.push_back({static_cast<std::uint32_t>(column / 2), coefficients(0, column)});
        }
        const Eigen::VectorXd weights = normalSample(columns, 1).cast<double>();
        const std::vector<float> free(1200, 1.0F);
        const Eigen::VectorXd step = vectorOf(
            leastSquaresStep(row, free, statistics.hessian, statistics.hessian.cast<double>() * weights));
        const Eigen::MatrixXd outputs = inputs.cast<double>() * denseTerms(row);
        const Eigen::VectorXd targets = inputs.cast<double>() * weights;
        const double least = (targets - outputs * outputs.householderQr().solve(targets)).squaredNorm();
        const double reached = (targets - outputs * step).squaredNorm();
        QVERIFY(reached - least < 0.05 * (targets.squaredNorm() - least));
    }

    void places_that_corrections_decide_are_left_out_of_the_fit() {
        const auto format = makeIntegerFormat(2, true, 8, ScaleType::fp16);
        Matrix weights = normalSample(1, 16);
        std::vector<std::byte> packed(format->rowBytes(16));
        Workers workers(1);
        SilentMonitor monitor;
        format->encode(weights, nullptr, {workers, monitor}, packed);
        const LinearRow row = format->openRow(packed, 16);
        std::vector<float> free(16, 1.0F);
        std::fill(free.begin() + 8, free.end(), 0.0F);
        const Matrix hessian = Matrix::Identity(16, 16);
        const std::vector<double> step = leastSquaresStep(row, free, hessian, Eigen::VectorXd::Ones(16));
        QVERIFY(step[0] != 0.0);
        QCOMPARE(step[1], 0.0);
    }

    void inputs_changed_by_earlier_layers_are_made_up_for() {
        const Matrix weights = normalSample(24, 128);
        const Matrix original = correlatedInputs(1000, 128);
        Matrix inputs = original;
        inputs.leftCols(64) *= 0.9F;
        InputStatistics statistics = statisticsOf(inputs);
        Bench bench(2);
        const auto error = [&](const std::string& codec) {
            return rowErrors(weights, original, bench.roundTrip(codec, weights, &statistics), inputs);
        };
        const double own = error("int3:g32+tune").sum();
        statistics.crossMoment =
            (inputs.cast<double>().transpose() * original.cast<double>() / 1000.0).cast<float>();
        QVERIFY2(error("int3:g32+tune").sum() < 0.8 * own,
                 qPrintable(QString::number(error("int3:g32+tune").sum() / own)));
        QVERIFY((error("int3:g32+tune").array() <= error("int3:g32").array()).all());
    }

    void codebooks_stay_in_rising_order() {
        const Matrix weights = normalSample(60, 128);
        const InputStatistics statistics = statisticsOf(correlatedInputs(600, 128));
        const PackedTensor packed = Bench().encode("codebook4:g64+tune", weights, &statistics);
        QVERIFY(packed.bytes != Bench().encode("codebook4:g64", weights, &statistics).bytes);
        const std::size_t rowBytes = packed.bytes.size() / 60;
        for (std::size_t row = 0; row < 60; ++row) {
            for (std::size_t i = 1; i < 32; ++i) {
                const auto levels = std::span(packed.bytes).subspan(row * rowBytes, 64);
                const float before = fromFp16(load<std::uint16_t>(levels, i - 1));
                QVERIFY(i == 16 || before <= fromFp16(load<std::uint16_t>(levels, i)));
            }
        }
    }

    void later_corrections_repair_what_it_leaves() {
        const Matrix weights = normalSample(40, 128);
        const InputStatistics statistics = statisticsOf(correlatedInputs(1000, 128));
        Bench bench;
        const auto loss = [&](const std::string& codec) {
            return proxyLoss(weights, bench.roundTrip(codec, weights, &statistics), statistics,
                             bench.workers);
        };
        QVERIFY(loss("int3:g64+tune+lowrank=4") < 0.9 * loss("int3:g64+tune"));
        QVERIFY(loss("int3:g64+tune+lowrank=4") < 0.95 * loss("int3:g64+lowrank=4"));
        QVERIFY(loss("int3:g64+tune+res=int3:g64") < 0.1 * loss("int3:g64+tune"));
    }

    void it_stores_nothing_and_needs_statistics() {
        const Matrix weights = normalSample(4, 64);
        QCOMPARE(Codec::parse("int4:g64+tune").packedBytes({4, 64}),
                 Codec::parse("int4:g64").packedBytes({4, 64}));
        QCOMPARE(Codec::parse("int4:g64+tune").calibration(), CalibrationUse::required);
        QVERIFY(errorOf([&] { Bench().encode("int4:g64+tune", weights); }).contains("statistics"));
        QVERIFY(errorOf([] { Codec::parse("fp16+tune"); }).contains("no stages"));
    }

    void statistics_without_inputs_change_nothing() {
        const Matrix weights = normalSample(5, 64);
        const InputStatistics statistics = statisticsOf(Matrix::Zero(3, 64));
        QVERIFY(Bench().encode("int4:g64+tune", weights, &statistics).bytes ==
                Bench().encode("int4:g64", weights, &statistics).bytes);
        InputStatistics impossible = statistics;
        impossible.hessian.setConstant(std::numeric_limits<float>::infinity());
        QVERIFY(Bench().roundTrip("int4:g64+tune", weights, &impossible).allFinite());
    }

    void bytes_do_not_depend_on_the_number_of_threads() {
        const Matrix weights = normalSample(100, 200);
        const InputStatistics statistics = statisticsOf(correlatedInputs(600, 200));
        for (const std::string codec : {"int3:g64+tune", "int3:g64+rht+outliers=1%+tune+lowrank=2"}) {
            QVERIFY(Bench(1).encode(codec, weights, &statistics).bytes ==
                    Bench(4).encode(codec, weights, &statistics).bytes);
        }
    }

    void fitting_stops_when_cancelled() {
        Workers workers(2);
        const Matrix weights = normalSample(200, 64);
        const InputStatistics statistics = statisticsOf(correlatedInputs(200, 64));
        const Codec codec = Codec::parse("int3:g64+tune");
        for (const int questions : {1, 8, 20}) {
            CancelAfter monitor(questions);
            QVERIFY_EXCEPTION_THROWN(codec.encode(weights, {workers, monitor, 0, &statistics}), Cancelled);
        }
    }
};

QTEST_APPLESS_MAIN(CodecTuneTest)
#include "tst_codec_tune.moc"
