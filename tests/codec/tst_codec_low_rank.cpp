// SPDX-License-Identifier: GPL-3.0-or-later
#include "codec/codec.h"
#include "codec/number.h"
#include "codec/principal_outputs.h"
#include "codec_samples.h"
#include "test_support.h"

#include <Eigen/SVD>

#include <QTest>
#include <cstring>

using namespace planish;
using namespace planish::test;

namespace {

/// What no product of this rank can repair of errors [rows, columns] on inputs [tokens, columns]: the mean
/// squared error of the outputs that is left (Eckart, Young 1936).
double leastOutputError(const Matrix& errors, const Matrix& inputs, Eigen::Index rank) {
    const Eigen::MatrixXd outputs = errors.cast<double>() * inputs.cast<double>().transpose();
    const Eigen::VectorXd values = Eigen::BDCSVD<Eigen::MatrixXd>(outputs).singularValues();
    return values.tail(std::max<Eigen::Index>(0, values.size() - rank)).squaredNorm() /
           static_cast<double>(inputs.rows());
}

double outputError(const Matrix& errors, const Matrix& inputs) {
    return (errors.cast<double>() * inputs.cast<double>().transpose()).squaredNorm() /
           static_cast<double>(inputs.rows());
}

Matrix identityInputs(Eigen::Index columns) {
    return Matrix::Identity(columns, columns) * std::sqrt(static_cast<float>(columns));
}

} // namespace

class CodecLowRankTest : public QObject {
    Q_OBJECT

  private slots:
    void the_error_of_the_outputs_left_is_the_least_possible_data() {
        QTest::addColumn<QString>("format");
        QTest::addColumn<int>("rows");
        QTest::addColumn<int>("columns");
        QTest::addColumn<int>("rank");
        QTest::newRow("wide") << "int2:g64" << 48 << 160 << 8;
        QTest::newRow("tall") << "int3:g32" << 200 << 64 << 6;
        QTest::newRow("with a transform") << "int2:g64+rht" << 64 << 128 << 12;
        QTest::newRow("one direction") << "int4:g64" << 100 << 100 << 1;
    }
    void the_error_of_the_outputs_left_is_the_least_possible() {
        QFETCH(QString, format);
        QFETCH(int, rows);
        QFETCH(int, columns);
        QFETCH(int, rank);
        const std::string base = format.toStdString();
        const std::string repaired = base + "+lowrank=" + std::to_string(rank);
        const Matrix weights = normalSample(rows, columns);
        const Matrix inputs = correlatedInputs(4 * columns, columns);
        const InputStatistics statistics = statisticsOf(inputs);
        Bench bench;
        const Matrix errors = weights - bench.roundTrip(base, weights, &statistics);
        const double least = leastOutputError(errors, inputs, rank);
        const double found = outputError(weights - bench.roundTrip(repaired, weights, &statistics), inputs);
        QVERIFY2(found > 0.999 * least && found < 1.002 * least, qPrintable(QString::number(found / least)));
        QVERIFY(found < 0.9 * outputError(errors, inputs));
        const double loss =
            proxyLoss(weights, bench.roundTrip(repaired, weights, &statistics), statistics, bench.workers);
        QVERIFY(std::fabs(loss * outputError(weights, inputs) / found - 1) < 1e-4);
    }

    void without_statistics_the_error_of_the_weights_left_is_the_least_possible() {
        const Matrix weights = normalSample(96, 144);
        Bench bench;
        const Matrix errors = weights - bench.roundTrip("int2:g64", weights);
        const double least = leastOutputError(errors, identityInputs(144), 16);
        const Matrix repaired = bench.roundTrip("int2:g64+lowrank=16", weights);
        const double found = outputError(weights - repaired, identityInputs(144));
        QVERIFY2(found > 0.999 * least && found < 1.003 * least, qPrintable(QString::number(found / least)));
    }

    void statistics_repair_the_outputs_better_than_the_weights_alone() {
        const Matrix weights = normalSample(64, 128);
        const InputStatistics statistics = statisticsOf(correlatedInputs(512, 128));
        Bench bench;
        const std::string codec = "int3:g64+lowrank=8";
        const double with =
            proxyLoss(weights, bench.roundTrip(codec, weights, &statistics), statistics, bench.workers);
        const double without = proxyLoss(weights, bench.roundTrip(codec, weights), statistics, bench.workers);
        QVERIFY2(with < 0.7 * without, qPrintable(QString("%1 %2").arg(with).arg(without)));
    }

    void factors_of_eight_bits_cost_half_and_repair_nearly_as_much() {
        const Matrix weights = normalSample(128, 256);
        const Matrix inputs = correlatedInputs(1024, 256);
        const InputStatistics statistics = statisticsOf(inputs);
        Bench bench;
        const auto loss = [&](const std::string& codec) {
            return proxyLoss(weights, bench.roundTrip(codec, weights, &statistics), statistics,
                             bench.workers);
        };
        const double gained = loss("int3:g64") - loss("int3:g64+lowrank=8");
        QVERIFY(loss("int3:g64") - loss("int3:g64+lowrank=8:int8") > 0.99 * gained);
        QVERIFY(loss("int3:g64") - loss("int3:g64+lowrank=8:bf16") > 0.999 * gained);
    }

    void a_product_that_is_missing_is_found_whole() {
        const Matrix left = normalSample(40, 3);
        const Matrix right = normalSample(3, 70);
        const Matrix weights = left * right;
        const Matrix zeros = Matrix::Zero(40, 70);
        Bench bench;
        const Matrix basis =
            principalOutputs(weights / weights.cwiseAbs().maxCoeff(), 3, {bench.workers, bench.monitor, 5});
        QVERIFY((basis.transpose() * basis - Matrix::Identity(3, 3)).cwiseAbs().maxCoeff() < 1e-5F);
        QVERIFY((weights - basis * (basis.transpose() * weights)).norm() < 1e-5F * weights.norm());
        QVERIFY(bench.roundTrip("int2:g70+lowrank=3", zeros) == zeros);
    }

    void the_whole_rank_returns_the_weights() {
        for (const auto& [rows, columns] : {std::pair{1, 1}, {1, 50}, {50, 1}, {7, 30}, {30, 7}}) {
            const Matrix weights = normalSample(rows, columns);
            const Matrix stored = Bench().roundTrip("int2:g16+lowrank=256", weights);
            QVERIFY(storageError(weights, stored).relative < 1e-6);
        }
    }

    void weights_of_any_size_are_repaired_alike() {
        const Matrix weights = normalSample(30, 60);
        Bench bench;
        const double expected =
            storageError(weights, bench.roundTrip("int2:g60:scale=bf16+lowrank=4:bf16", weights)).relative;
        for (const float unit : {1e-20F, 1e-5F, 1e4F, 1e20F}) {
            const Matrix scaled = weights * unit;
            const Matrix stored = bench.roundTrip("int2:g60:scale=bf16+lowrank=4:bf16", scaled);
            QVERIFY(std::fabs(storageError(scaled, stored).relative / expected - 1) < 0.05);
        }
        for (const float unit : {1e-3F, 30.0F}) {
            const Matrix scaled = weights * unit;
            const Matrix stored = bench.roundTrip("int2:g60+lowrank=4", scaled);
            QVERIFY(std::fabs(storageError(scaled, stored).relative / expected - 1) < 0.05);
        }
        QVERIFY(errorOf([&] { bench.encode("int2:g60+lowrank=4", weights * 1e30F); }).contains("+lowrank"));
    }

    void the_layout_is_the_documented_one() {
        const Matrix weights = normalSample(5, 24);
        const PackedTensor packed = Bench().encode("int2:g24+lowrank=2", weights);
        const Matrix first = Bench().roundTrip("int2:g24", weights);
        const Matrix decoded = Bench().decode("int2:g24+lowrank=2", packed);
        const std::size_t section = Codec::parse("int2:g24").packedBytes({5, 24});
        const auto number = [&](std::size_t index) {
            std::uint16_t bits = 0;
            std::memcpy(&bits, packed.bytes.data() + section + 2 * index, sizeof(bits));
            return fromFp16(bits);
        };
        for (std::size_t row = 0; row < 5; ++row) {
            for (std::size_t column = 0; column < 24; ++column) {
                const auto i = static_cast<Eigen::Index>(row);
                const auto j = static_cast<Eigen::Index>(column);
                const float repair =
                    number(2 * row) * number(10 + column) + number(2 * row + 1) * number(10 + 24 + column);
                QVERIFY(std::fabs(decoded(i, j) - first(i, j) - repair) < 1e-6F);
            }
        }
    }

    void statistics_do_not_make_bytes_depend_on_the_number_of_threads() {
        const Matrix weights = normalSample(300, 200);
        const InputStatistics statistics = statisticsOf(correlatedInputs(600, 200));
        for (const std::string codec : {"int3:g64+lowrank=12", "int3:g64+rht+lowrank=12:int8"}) {
            QVERIFY(Bench(1).encode(codec, weights, &statistics).bytes ==
                    Bench(4).encode(codec, weights, &statistics).bytes);
        }
    }

    void repairing_stops_when_cancelled() {
        Workers workers(2);
        const Matrix weights = normalSample(200, 200);
        const Codec codec = Codec::parse("int3:g64+lowrank=12");
        for (const int questions : {5, 20, 60}) {
            CancelAfter monitor(questions);
            QVERIFY_EXCEPTION_THROWN(codec.encode(weights, {workers, monitor, 0}), Cancelled);
        }
    }
};

QTEST_APPLESS_MAIN(CodecLowRankTest)
#include "tst_codec_low_rank.moc"
