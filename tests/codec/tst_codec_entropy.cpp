// SPDX-License-Identifier: GPL-3.0-or-later
#include "codec/codec.h"
#include "codec/rans.h"
#include "codec/symbol_table.h"
#include "codec_samples.h"
#include "test_support.h"

#include <QTest>
#include <algorithm>
#include <random>

using namespace planish;
using namespace planish::test;

namespace {

std::vector<std::uint64_t> countsOf(std::span<const std::int8_t> numbers) {
    std::vector<std::uint64_t> counts(SymbolTable::mostMagnitude + 1);
    for (const std::int8_t number : numbers) {
        ++counts[static_cast<std::size_t>(std::abs(number))];
    }
    return counts;
}

std::vector<std::int8_t> numbersOf(const Matrix& sample, float size) {
    std::vector<std::int8_t> numbers;
    for (const float value : sample.reshaped<Eigen::RowMajor>()) {
        numbers.push_back(static_cast<std::int8_t>(std::lround(std::clamp(value * size, -127.0F, 127.0F))));
    }
    return numbers;
}

} // namespace

class CodecEntropyTest : public QObject {
    Q_OBJECT

  private slots:
    void tables_are_frequencies_and_come_back() {
        for (const float size : {0.0F, 0.01F, 1.0F, 3.0F, 40.0F}) {
            const auto numbers = numbersOf(normalSample(100, 100), size);
            const SymbolTable table(countsOf(numbers));
            std::uint32_t sum = 0;
            for (int number = -127; number <= 127; ++number) {
                QCOMPARE(table.frequency(number), table.frequency(-number));
                QVERIFY(table.frequency(number) == 0 || table.start(number) == sum);
                sum += table.frequency(number);
            }
            QCOMPARE(sum, SymbolTable::total);
            QVERIFY(std::all_of(numbers.begin(), numbers.end(),
                                [&](std::int8_t number) { return table.frequency(number) > 0; }));
            const std::vector<std::byte> bytes = table.write();
            std::size_t at = 0;
            const SymbolTable again(bytes, at);
            QCOMPARE(at, bytes.size());
            for (int number = -127; number <= 127; ++number) {
                QCOMPARE(again.frequency(number), table.frequency(number));
            }
            for (std::size_t length = 0; length < bytes.size(); ++length) {
                at = 0;
                QVERIFY(!errorOf([&] { SymbolTable(std::span(bytes).first(length), at); }).isEmpty());
            }
        }
    }

    void what_is_coded_is_decoded_in_the_bits_of_its_entropy_data() {
        QTest::addColumn<int>("columns");
        for (const int columns : {1, 5, 8, 64, 77}) {
            QTest::newRow(qPrintable(QString::number(columns))) << columns;
        }
    }
    void what_is_coded_is_decoded_in_the_bits_of_its_entropy() {
        QFETCH(int, columns);
        const Eigen::Index rows = 40000 / columns;
        Matrix sample = normalSample(rows, columns);
        sample.rightCols(columns / 2) *= 6;
        const auto numbers = numbersOf(sample, 2);
        std::vector<std::uint8_t> classes(static_cast<std::size_t>(columns));
        std::fill(classes.end() - columns / 2, classes.end(), std::uint8_t{1});
        std::array<std::vector<std::int8_t>, 2> ofClass;
        for (std::size_t i = 0; i < numbers.size(); ++i) {
            ofClass[classes[i % classes.size()]].push_back(numbers[i]);
        }
        const std::vector<SymbolTable> tables{SymbolTable(countsOf(ofClass[0])),
                                              SymbolTable(countsOf(ofClass[1]))};
        const std::vector<std::byte> bytes = ransEncode({numbers, classes, tables});
        double entropy = 0;
        for (std::size_t i = 0; i < numbers.size(); ++i) {
            entropy -= std::log2(tables[classes[i % classes.size()]].frequency(numbers[i]) /
                                 static_cast<double>(SymbolTable::total));
        }
        QVERIFY2(8.0 * static_cast<double>(bytes.size()) < 1.001 * entropy + 8 * 32 + 16,
                 qPrintable(QString("%1 %2").arg(8 * bytes.size()).arg(entropy)));
        const RansTables lookup(tables);
        const std::vector<std::uint32_t> wide(classes.begin(), classes.end());
        const std::vector<float> factors(classes.size(), 0.5F);
        RansDecoder decoder(lookup, wide, factors, bytes);
        std::vector<float> row(classes.size());
        for (std::size_t first = 0; first < numbers.size(); first += row.size()) {
            decoder.row(row);
            for (std::size_t i = 0; i < row.size(); ++i) {
                QCOMPARE(row[i], 0.5F * static_cast<float>(numbers[first + i]));
            }
        }
        QVERIFY(decoder.finished());
    }

    void bytes_are_what_was_asked_for_data() {
        QTest::addColumn<QString>("codec");
        QTest::addColumn<double>("bits");
        for (const auto& [codec, bits] : std::vector<std::pair<const char*, double>>{
                 {"ec1", 1}, {"ec1.5", 1.5}, {"ec2.37", 2.37}, {"ec3", 3}, {"ec4.01", 4.01}, {"ec6", 6}}) {
            QTest::newRow(codec) << codec << bits;
        }
    }
    void bytes_are_what_was_asked_for() {
        QFETCH(QString, codec);
        QFETCH(double, bits);
        const Matrix weights = 0.02F * normalSample(512, 256);
        Bench bench;
        const PackedTensor packed = bench.encode(codec.toStdString(), weights);
        QVERIFY(std::fabs(packed.bitsPerWeight() - bits) < 0.001);
        // Little of it is filled up with zeros.
        const auto last = std::find_if(packed.bytes.rbegin(), packed.bytes.rend(),
                                       [](std::byte byte) { return byte != std::byte{0}; });
        const auto unused = static_cast<double>(last - packed.bytes.rbegin());
        QVERIFY2(8 * unused / static_cast<double>(weights.size()) < 0.005,
                 qPrintable(QString::number(unused)));
        // Uniform levels with entropy coding lose a quarter of a bit at high rates, less at low ones; tables
        // and states of coders take a little.
        const double error = storageError(weights, bench.decode(codec.toStdString(), packed)).relative;
        QVERIFY2(error < std::pow(4.0, 0.29 - bits), qPrintable(QString::number(error)));
        QVERIFY(error > std::pow(4.0, -bits));
    }

    void columns_of_very_different_size_share_no_table() {
        Matrix weights = normalSample(512, 512);
        weights.leftCols(256) *= 1.0F / 64;
        Bench bench;
        const double error = storageError(weights, bench.roundTrip("ec3", weights)).relative;
        // All bits are for the other half: twice as many a weight.
        QVERIFY2(error < std::pow(4.0, 0.45 - 5.5), qPrintable(QString::number(error)));
    }

    void numbers_beyond_any_table_stand_beside() {
        Matrix weights = normalSample(64, 256);
        weights(3, 7) = 1e4F;
        weights(63, 255) = -3e5F;
        Bench bench;
        const PackedTensor packed = bench.encode("ec4", weights);
        const Matrix stored = bench.decode("ec4", packed);
        QVERIFY(std::fabs(stored(3, 7) - 1e4F) < 1);
        QVERIFY(std::fabs(stored(63, 255) + 3e5F) < 30);
        Matrix row(1, 256);
        Codec::parse("ec4").decodeRows(packed, 63, row);
        QVERIFY(row.row(0) == stored.row(63));
    }

    void any_shape_comes_back_in_any_pieces_data() {
        QTest::addColumn<int>("rows");
        QTest::addColumn<int>("columns");
        for (const auto& [rows, columns] :
             std::vector<std::pair<int, int>>{{1, 1}, {1, 40}, {3, 17}, {130, 21}, {257, 9}, {300, 700}}) {
            QTest::addRow("%d x %d", rows, columns) << rows << columns;
        }
    }
    void any_shape_comes_back_in_any_pieces() {
        QFETCH(int, rows);
        QFETCH(int, columns);
        const Matrix weights = normalSample(rows, columns);
        Bench bench;
        for (const std::string name : {"ec8", "ec4+rht:both"}) {
            const Codec codec = Codec::parse(name);
            const PackedTensor packed = bench.encode(name, weights);
            QCOMPARE(packed.bytes.size(), codec.packedBytes(packed.shape));
            const Matrix whole = bench.decode(name, packed);
            QVERIFY(whole.allFinite());
            QVERIFY(rows * columns < 2000 || storageError(weights, whole).relative < 0.02);
            for (const int count : {1, 5, 129}) {
                for (int first = 0; first < rows; first += std::max(count, 13)) {
                    Matrix part(std::min(count, rows - first), columns);
                    codec.decodeRows(packed, static_cast<std::size_t>(first), part);
                    QVERIFY(part == whole.middleRows(first, part.rows()));
                }
            }
        }
    }

    void weights_of_any_size_are_stored() {
        for (const float size : {0.0F, 1e-30F, 1e-5F, 1e4F, 1e20F}) {
            const Matrix weights = size * normalSample(128, 64);
            const Matrix stored = Bench().roundTrip("ec4", weights);
            QVERIFY(stored.allFinite());
            QVERIFY2(storageError(weights, stored).relative < 0.01,
                     qPrintable(QString::number(double(size))));
        }
    }

    void damaged_bytes_are_an_error_or_weights() {
        const Matrix weights = normalSample(200, 70);
        Bench bench;
        const PackedTensor packed = bench.encode("ec3", weights);
        std::mt19937 random(1);
        int refused = 0;
        for (int i = 0; i < 600; ++i) {
            PackedTensor damaged = packed;
            const std::size_t size = i % 2 == 0 ? 80 : damaged.bytes.size();
            for (int change = 0; change < 1 + i % 3; ++change) {
                damaged.bytes[random() % size] = static_cast<std::byte>(random());
            }
            try {
                QVERIFY(bench.decode("ec3", damaged).allFinite());
            } catch (const InputError& error) {
                QVERIFY(QString::fromUtf8(error.what()).contains("packed tensor"));
                ++refused;
            }
        }
        QVERIFY2(refused > 300, qPrintable(QString::number(refused)));
        PackedTensor zeros = packed;
        std::fill(zeros.bytes.begin(), zeros.bytes.end(), std::byte{0});
        QVERIFY(!errorOf([&] { bench.decode("ec3", zeros); }).isEmpty());
        std::fill(zeros.bytes.begin(), zeros.bytes.end(), std::byte{0xff});
        QVERIFY(!errorOf([&] { bench.decode("ec3", zeros); }).isEmpty());
    }
};

QTEST_APPLESS_MAIN(CodecEntropyTest)
#include "tst_codec_entropy.moc"
