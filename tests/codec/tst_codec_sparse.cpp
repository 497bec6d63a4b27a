// SPDX-License-Identifier: GPL-3.0-or-later
#include "codec/codec.h"
#include "codec_samples.h"
#include "test_support.h"

#include <QTest>
#include <algorithm>
#include <cstring>
#include <limits>

using namespace planish;
using namespace planish::test;

namespace {

/// Everything a row's mask shall say, found by sorting.
std::vector<Eigen::Index> leastColumns(const Matrix& weights, Eigen::Index row, const Vector& cost,
                                       std::size_t count) {
    std::vector<std::pair<double, Eigen::Index>> saliency;
    for (Eigen::Index column = 0; column < weights.cols(); ++column) {
        const double weight = weights(row, column);
        saliency.emplace_back(weight * weight * static_cast<double>(cost(column)), column);
    }
    std::sort(saliency.begin(), saliency.end());
    std::vector<Eigen::Index> columns;
    for (std::size_t i = 0; i < count; ++i) {
        columns.push_back(saliency[i].second);
    }
    std::sort(columns.begin(), columns.end());
    return columns;
}

std::vector<Eigen::Index> zeroColumns(const Matrix& weights, Eigen::Index row) {
    std::vector<Eigen::Index> columns;
    for (Eigen::Index column = 0; column < weights.cols(); ++column) {
        if (weights(row, column) == 0.0F) {
            columns.push_back(column);
        }
    }
    return columns;
}

/// A packed row whose levels are all 0, with this mask.
PackedTensor withMask(const std::string& codec, std::size_t columns, const std::vector<unsigned>& mask) {
    PackedTensor packed{{1, columns}, {}};
    packed.bytes.resize(Codec::parse(codec).packedBytes(packed.shape));
    std::transform(mask.begin(), mask.end(), packed.bytes.end() - static_cast<std::ptrdiff_t>(mask.size()),
                   [](unsigned byte) { return static_cast<std::byte>(byte); });
    return packed;
}

} // namespace

class CodecSparseTest : public QObject {
    Q_OBJECT

  private slots:
    void the_smallest_weights_of_each_row_become_zero() {
        const Matrix weights = normalSample(9, 130).array() + 0.3F;
        for (const auto& [codec, count] : {std::pair{"int8:g64+sparse=50%", 65U},
                                           {"int8:g64+sparse=4%", 5U},
                                           {"int8:g64+sparse=90%", 117U},
                                           {"int8:g64+sparse=0.7%", 0U}}) {
            const Matrix stored = Bench().roundTrip(codec, weights);
            for (Eigen::Index row = 0; row < weights.rows(); ++row) {
                QCOMPARE(zeroColumns(stored, row), leastColumns(weights, row, Vector::Ones(130), count));
            }
        }
    }

    void statistics_spare_weights_whose_inputs_are_large() {
        const Matrix weights = normalSample(16, 96);
        const InputStatistics statistics = statisticsOf(correlatedInputs(400, 96));
        Bench bench;
        const std::string codec = "int8:sym:g96+sparse=40%";
        const Matrix stored = bench.roundTrip(codec, weights, &statistics);
        const auto zeros = static_cast<std::size_t>(0.4 * 96);
        for (Eigen::Index row = 0; row < weights.rows(); ++row) {
            const auto expected = leastColumns(weights, row, statistics.hessian.diagonal(), zeros);
            for (const Eigen::Index column : expected) {
                QCOMPARE(stored(row, column), 0.0F);
            }
        }
        const double with = proxyLoss(weights, stored, statistics, bench.workers);
        const double without = proxyLoss(weights, bench.roundTrip(codec, weights), statistics, bench.workers);
        QVERIFY2(with < 0.2 * without, qPrintable(QString("%1 %2").arg(with).arg(without)));
    }

    void the_rounding_does_not_reach_for_pruned_weights() {
        Matrix weights = normalSample(4, 64).array() * 0.01F + 5.0F;
        weights.col(9).setConstant(-0.02F);
        Matrix wanted = weights;
        wanted.col(9).setZero();
        const Matrix stored = Bench().roundTrip("int4:g64+sparse=2%", weights);
        QVERIFY((stored - wanted).cwiseAbs().maxCoeff() < 0.004F);
        QVERIFY((Bench().roundTrip("int4:g64", weights) - weights).cwiseAbs().maxCoeff() > 0.02F);
    }

    void corrections_after_it_may_add_to_the_zeros() {
        Matrix weights = normalSample(8, 128);
        weights(3, 70) = 50.0F;
        Bench bench;
        const Matrix stored = bench.roundTrip("int4:g64+sparse=50%+outliers=0.1%", weights);
        QCOMPARE(stored(3, 70), 50.0F);
        QCOMPARE(zeroColumns(stored, 3).size(), std::size_t{64});
        const double pruned = storageError(weights, bench.roundTrip("int4:g64+sparse=50%", weights)).relative;
        const double repaired =
            storageError(weights, bench.roundTrip("int4:g64+sparse=50%+lowrank=8", weights)).relative;
        QVERIFY(repaired < 0.01 * pruned);
    }

    void rows_longer_than_16_bit_places_take_lists_of_32_bits() {
        const Matrix weights = normalSample(2, 70000);
        const std::string codec = "int2:row+sparse=1%";
        QCOMPARE(Codec::parse(codec).packedBytes({2, 70000}),
                 Codec::parse("int2:row").packedBytes({2, 70000}) + std::size_t{2 * 700 * 4});
        const Matrix stored = Bench().roundTrip(codec, weights);
        for (Eigen::Index row = 0; row < 2; ++row) {
            for (const Eigen::Index column : leastColumns(weights, row, Vector::Ones(70000), 700)) {
                QCOMPARE(stored(row, column), 0.0F);
            }
        }
    }

    void the_mask_is_the_documented_one() {
        Matrix weights = Matrix::Constant(1, 40, 3.0F);
        weights(0, 9) = weights(0, 33) = 0.1F;
        const PackedTensor list = Bench().encode("int4:g40+sparse=5%", weights);
        const std::vector<unsigned> places{9, 0, 33, 0};
        for (std::size_t i = 0; i < places.size(); ++i) {
            QCOMPARE(std::to_integer<unsigned>(list.bytes[list.bytes.size() - 4 + i]), places[i]);
        }
        weights(0, 0) = 0;
        weights(0, 34) = 0;
        const PackedTensor bitmap = Bench().encode("int4:g40+sparse=10%", weights);
        const std::vector<unsigned> bits{1, 2, 0, 0, 6};
        for (std::size_t i = 0; i < bits.size(); ++i) {
            QCOMPARE(std::to_integer<unsigned>(bitmap.bytes[bitmap.bytes.size() - 5 + i]), bits[i]);
        }
    }

    void impossible_masks_are_refused_data() {
        QTest::addColumn<QString>("codec");
        QTest::addColumn<QList<unsigned>>("mask");
        QTest::addColumn<QString>("part");
        QTest::newRow("list, whole") << "int4:g40+sparse=5%" << QList<unsigned>{9, 0, 33, 0} << "";
        QTest::newRow("list, beyond") << "int4:g40+sparse=5%" << QList<unsigned>{9, 0, 40, 0} << "column 40";
        QTest::newRow("list, falling") << "int4:g40+sparse=5%" << QList<unsigned>{9, 0, 8, 0} << "rise";
        QTest::newRow("list, twice") << "int4:g40+sparse=5%" << QList<unsigned>{9, 0, 9, 0} << "rise";
        QTest::newRow("bitmap, whole") << "int4:g40+sparse=10%" << QList<unsigned>{1, 2, 0, 0, 6} << "";
        QTest::newRow("bitmap, few") << "int4:g40+sparse=10%" << QList<unsigned>{1, 2, 0, 0, 4}
                                     << "4 columns";
        QTest::newRow("bitmap, many")
            << "int4:g40+sparse=10%" << QList<unsigned>{3, 2, 0, 0, 6} << "4 columns";
        QTest::newRow("bitmap, beyond")
            << "int4:g36+sparse=12%" << QList<unsigned>{1, 2, 0, 0, 96} << "column 37";
    }
    void impossible_masks_are_refused() {
        QFETCH(QString, codec);
        QFETCH(QList<unsigned>, mask);
        QFETCH(QString, part);
        const std::size_t columns = codec.contains("g36") ? 36 : 40;
        const PackedTensor packed =
            withMask(codec.toStdString(), columns, std::vector<unsigned>(mask.begin(), mask.end()));
        const QString message = errorOf([&] { Bench().decode(codec.toStdString(), packed); });
        if (part.isEmpty()) {
            QCOMPARE(message, QString());
        } else {
            QVERIFY2(message.contains("sparse") && message.contains(part), qPrintable(message));
        }
    }

    void statistics_do_not_make_bytes_depend_on_the_number_of_threads() {
        const Matrix weights = normalSample(300, 200);
        const InputStatistics statistics = statisticsOf(correlatedInputs(600, 200));
        const std::string codec = "int3:g64+sparse=30%";
        QVERIFY(Bench(1).encode(codec, weights, &statistics).bytes ==
                Bench(4).encode(codec, weights, &statistics).bytes);
    }

    void inputs_that_are_always_zero_prune_the_first_columns() {
        InputStatistics statistics = statisticsOf(Matrix::Zero(5, 64));
        const Matrix stored = Bench().roundTrip("int8:g64+sparse=25%", Matrix::Ones(1, 64), &statistics);
        QVERIFY(stored.leftCols(16).isZero(0) && stored.rightCols(48) == Matrix::Ones(1, 48));
    }
};

QTEST_APPLESS_MAIN(CodecSparseTest)
#include "tst_codec_sparse.moc"
