// SPDX-License-Identifier: GPL-3.0-or-later
#include "codec/bit_stream.h"
#include "codec/input_statistics.h"
#include "codec/vector_quantizer.h"
#include "codec_samples.h"
#include "test_support.h"

#include <QTest>

using namespace planish;
using namespace planish::test;

namespace {

double codecError(const std::string& codec, const Matrix& weights) {
    return storageError(weights, Bench(2).roundTrip(codec, weights)).relative;
}

} // namespace

class CodecProductTest : public QObject {
    Q_OBJECT

  private slots:
    void wide_bit_streams_return_every_number_at_its_bits() {
        std::mt19937 generator(3);
        for (int bits = 1; bits <= 16; ++bits) {
            for (const std::size_t count : {1U, 5U, 8U, 63U, 251U}) {
                const auto width = static_cast<std::size_t>(bits);
                std::vector<std::uint16_t> numbers(count);
                for (auto& number : numbers) {
                    number = static_cast<std::uint16_t>(generator() % (1U << bits));
                }
                std::vector<std::byte> packed(bitStreamBytes(count, bits));
                packBits(numbers, bits, packed);
                std::vector<std::uint16_t> unpacked(count);
                unpackBits(packed, bits, unpacked);
                QCOMPARE(unpacked, numbers);
                for (std::size_t i = 0; i < count * width; ++i) {
                    const bool expected = (numbers[i / width] >> (i % width) & 1U) != 0;
                    QCOMPARE((static_cast<unsigned>(packed[i / 8]) >> (i % 8) & 1U) != 0, expected);
                }
            }
        }
    }

    void options_have_a_canonical_order_and_defaults() {
        QCOMPARE(Codec::parse("pq").name(), std::string("pq:d8:k256:m1"));
        QCOMPARE(Codec::parse("pq:m2:k16+outliers=1%").name(), std::string("pq:d8:k16:m2+outliers=1%"));
        QCOMPARE(Codec::parse("int3:g64+res=(pq:d4+rht)").name(),
                 std::string("int3:g64+res=(pq:d4:k256:m1+rht)"));
        QVERIFY(errorOf([] { Codec::parse("pq:d8:d4"); }).contains("each option once"));
        QVERIFY(errorOf([] { Codec::parse("pq:k100"); }).contains("an option of pq"));
        QVERIFY(errorOf([] { Codec::parse("pq:row"); }).contains("an option of pq"));
        QVERIFY(errorOf([] { Codec::parse("int4:d8"); }).contains("an option of intB"));
        QVERIFY(errorOf([] { Codec::parse("pq+mse"); }).contains("rounds for itself"));
    }

    void tensors_cost_their_codebooks_and_numbers() {
        const auto bytes = [](const std::string& codec, Shape shape) {
            return Codec::parse(codec).packedBytes(shape);
        };
        QCOMPARE(bytes("pq", {64, 2048}), std::size_t{256 * 8 * 2 + 64 * 256});
        QCOMPARE(bytes("pq:d4:k4096:m3", {5, 30}), std::size_t{3 * (4096 * 4 * 2 + 5 * 12)});
        QCOMPARE(bytes("pq:d2:k4", {3, 7}), std::size_t{4 * 2 * 2 + 3 * 1});
        QCOMPARE(bytes("pq:d16:k512", {2, 17}), std::size_t{512 * 16 * 2 + 2 * 3});
    }

    /// Squared errors of 15 rounds of k-means on 128 × 1024 normal weights, computed apart from this program.
    void gaussian_errors_are_those_of_k_means() {
        const Matrix sample = normalSample(128, 1024);
        const std::vector<std::pair<std::string, double>> expected{
            {"pq:d2:k256", 0.007772}, {"pq:d4:k256", 0.09330}, {"pq:d8:k256", 0.2996}, {"pq:d8:k16", 0.6042}};
        for (const auto& [codec, error] : expected) {
            const double found = codecError(codec, sample);
            QVERIFY2(std::fabs(found / error - 1) < 0.04, qPrintable(QString::number(found)));
        }
    }

    void two_dimensions_beat_one_at_four_bits() {
        const Matrix sample = normalSample(128, 1024);
        const double error = codecError("pq:d2:k256", sample);
        QVERIFY(error < codecError("int4:g64", sample)); // of 4.5 bits
        QVERIFY(error < 0.6 * codecError("int4:row", sample));
    }

    void every_stage_lowers_the_error() {
        const Matrix sample = normalSample(64, 512);
        double previous = 1;
        for (const std::string stages : {"1", "2", "3", "4"}) {
            const double error = codecError("pq:d8:k64:m" + stages, sample);
            QVERIFY2(error < 0.75 * previous, qPrintable(QString::number(error)));
            previous = error;
        }
    }

    void fewer_vectors_than_entries_are_exact() {
        Matrix weights(3, 10);
        weights.setRandom();
        weights = (weights * 64).array().round() / 64; // exact in fp16
        QVERIFY(Bench().roundTrip("pq:d4:k256", weights) == weights);
    }

    void important_columns_have_less_error() {
        const Matrix weights = normalSample(64, 250); // the last vector is padded
        InputStatistics inputs;
        inputs.hessian = Matrix::Zero(250, 250);
        for (Eigen::Index i = 0; i < 250; ++i) {
            inputs.hessian(i, i) = i % 5 == 0 ? 10.0F : 0.1F;
        }
        Bench bench(2);
        for (const std::string name : {"pq:d4:k64:m1", "pq:d8:k64:m2"}) {
            const Codec codec = Codec::parse(name);
            QCOMPARE(codec.calibration(), CalibrationUse::optional);
            const Matrix plain = bench.roundTrip(name, weights);
            const Matrix calibrated = codec.decode(
                codec.encode(weights, {bench.workers, bench.monitor, 42, &inputs}), bench.workers);
            QVERIFY(proxyLoss(weights, calibrated, inputs, bench.workers) <
                    0.8 * proxyLoss(weights, plain, inputs, bench.workers));
        }
    }

    void the_seed_and_nothing_else_decides() {
        const Matrix weights = normalSample(120, 300);
        const Codec codec = Codec::parse("pq:d4:k64:m2");
        const auto bytes = [&](int threads, std::uint64_t seed) {
            Bench bench(threads);
            return codec.encode(weights, {bench.workers, bench.monitor, seed}).bytes;
        };
        QVERIFY(bytes(1, 5) == bytes(2, 5));
        QVERIFY(bytes(1, 5) == bytes(3, 5));
        QVERIFY(bytes(1, 5) != bytes(1, 6));
    }

    void entries_are_the_nearest() {
        const Matrix vectors = normalSample(700, 5);
        Matrix costs = normalSample(7, 5, 2).cwiseAbs();
        const Matrix codebook = normalSample(37, 5, 3);
        std::vector<std::uint16_t> entries(700);
        Workers workers(2);
        SilentMonitor monitor;
        assignNearest({vectors, costs}, codebook, entries, workers, monitor);
        for (Eigen::Index i = 0; i < 700; ++i) {
            const auto error = [&](Eigen::Index entry) {
                const auto difference = (vectors.row(i) - codebook.row(entry)).array();
                return (costs.row(i % 7).array() * difference.square()).sum();
            };
            const float found = error(entries[static_cast<std::size_t>(i)]);
            for (Eigen::Index entry = 0; entry < 37; ++entry) {
                QVERIFY(found <= error(entry) * 1.0001F + 1e-6F);
            }
        }
    }

    void encoding_stops_when_cancelled() {
        const Matrix weights = normalSample(256, 512);
        Workers workers(2);
        for (const int questions : {0, 3, 100, 260, 400}) {
            CancelAfter monitor(questions);
            QVERIFY_EXCEPTION_THROWN(Codec::parse("pq:m2").encode(weights, {workers, monitor, 0}), Cancelled);
        }
    }
};

QTEST_APPLESS_MAIN(CodecProductTest)
#include "tst_codec_product.moc"
