// SPDX-License-Identifier: GPL-3.0-or-later
#include "codec/bit_stream.h"
#include "codec/grid_format.h"
#include "codec/number.h"
#include "codec/scale_type.h"
#include "codec/transform.h"
#include "codec_samples.h"
#include "test_support.h"

#include <QTest>
#include <cstring>

using namespace planish;
using namespace planish::test;

class CodecPartsTest : public QObject {
    Q_OBJECT

  private slots:
    void bit_streams_return_every_number_at_its_bits() {
        std::mt19937 generator(3);
        for (int bits = 2; bits <= 8; ++bits) {
            for (const std::size_t count : {1U, 5U, 7U, 8U, 9U, 64U, 251U}) {
                std::vector<std::uint8_t> levels(count);
                for (auto& level : levels) {
                    level = static_cast<std::uint8_t>(generator() % (1U << bits));
                }
                std::vector<std::byte> packed(bitStreamBytes(count, bits));
                packBits(levels, bits, packed);
                std::vector<std::uint8_t> unpacked(count);
                unpackBits(packed, bits, unpacked);
                QCOMPARE(unpacked, levels);
                for (std::size_t i = 0; i < count * static_cast<std::size_t>(bits); ++i) {
                    const auto width = static_cast<std::size_t>(bits);
                    const bool expected = (levels[i / width] >> (i % width) & 1U) != 0;
                    QCOMPARE((static_cast<unsigned>(packed[i / 8]) >> (i % 8) & 1U) != 0, expected);
                }
            }
        }
    }

    void half_precision_agrees_with_eigen_for_all_numbers() {
        for (std::uint32_t bits = 0; bits < 65536; ++bits) {
            const auto half = static_cast<std::uint16_t>(bits);
            const auto expected = static_cast<float>(Eigen::numext::bit_cast<Eigen::half>(half));
            const float found = fromFp16(half);
            QVERIFY(found == expected || (std::isnan(found) && std::isnan(expected)));
            if (std::isfinite(expected)) {
                QCOMPARE(toFp16(found), half);
            }
        }
        QCOMPARE(toFp16(1e30F), toFp16(65504.0F));
        QCOMPARE(fromBf16(toBf16(-3.402e38F)), -largestBf16);
        QCOMPARE(fromBf16(toBf16(1.00390625F)), 1.0F); // half way: to even
    }

    void storable_numbers_bound_what_was_asked() {
        std::mt19937 generator(5);
        std::uniform_real_distribution<double> exponent(-40, 20);
        for (const ScaleType type : {ScaleType::fp16, ScaleType::bf16, ScaleType::int8}) {
            for (int i = 0; i < 3000; ++i) {
                const double largest = std::exp2(exponent(generator) * (type == ScaleType::int8 ? 0.5 : 0.7));
                const double wanted = largest * (2.0 * static_cast<double>(generator()) / 4294967296.0 - 1);
                const StorableNumbers offsets(type, ParameterKind::offset, largest);
                QVERIFY(offsets.atMost(wanted) <= wanted || offsets.atMost(wanted) == -largestFp16);
                const StorableNumbers scales(type, ParameterKind::scale, largest);
                const float scale = scales.awayFromZero(std::fabs(wanted));
                QVERIFY(scale >= std::fabs(wanted) || scale == largestFp16);
                QVERIFY(scales.nearest(-1) == 0);

                const std::vector<float> numbers{scale, scales.nearest(largest / 2), 0.0F};
                std::vector<std::byte> bytes(StorableNumbers::bytes(type, numbers.size()));
                scales.write(numbers, bytes);
                std::vector<float> found(numbers.size());
                StorableNumbers::read(type, ParameterKind::scale, bytes, found);
                QCOMPARE(found, numbers);
            }
        }
    }

    void nf4_levels_are_those_of_qlora() {
        const std::vector<float> expected{-1.0F,        -0.6961928F,  -0.52507305F,  -0.39491749F,
                                          -0.28444138F, -0.18477343F, -0.091050036F, 0.0F,
                                          0.0795803F,   0.1609302F,   0.2461123F,    0.33791524F,
                                          0.44070983F,  0.562617F,    0.72295684F,   1.0F};
        const auto format = makeNormalFloatFormat(4, 64, ScaleType::fp16);
        const auto levels = format->grid().levels();
        QCOMPARE(levels.size(), expected.size());
        for (std::size_t i = 0; i < expected.size(); ++i) {
            QVERIFY(std::fabs(levels[i] - expected[i]) < 1e-6F);
        }
    }

    void nearest_levels_are_the_nearest() {
        const Matrix sample = normalSample(1, 500) * 1.5F;
        const std::span<const float> weights(sample.data(), 500);
        for (const auto& format : {makeIntegerFormat(3, false, 64, ScaleType::fp16),
                                   makeIntegerFormat(4, true, 64, ScaleType::fp16),
                                   makeNormalFloatFormat(3, 64, ScaleType::fp16)}) {
            for (const GroupParameters parameters : {GroupParameters{0.4F, -1.3F}, {-0.2F, 0}, {0, 0.5F}}) {
                const Grid& grid = format->grid();
                std::vector<std::uint8_t> indices(weights.size());
                grid.nearest(parameters, weights, indices);
                double error = 0;
                for (std::size_t i = 0; i < weights.size(); ++i) {
                    float best = std::numeric_limits<float>::infinity();
                    for (const float level : grid.levels()) {
                        best = std::min(
                            best, std::fabs(weights[i] - (parameters.offset + parameters.scale * level)));
                    }
                    const float found = std::fabs(
                        weights[i] - (parameters.offset + parameters.scale * grid.levels()[indices[i]]));
                    QVERIFY(found <= best * 1.0001F + 1e-6F);
                    error += double{found} * double{found};
                }
                QVERIFY(std::fabs(grid.squaredError(parameters, weights, {}) - error) < 1e-5 * error + 1e-9);
            }
        }
    }

    void the_hadamard_transform_is_orthonormal_and_undone_exactly() {
        Workers workers(2);
        SilentMonitor monitor;
        const auto transform = makeHadamardTransform();
        for (const Eigen::Index columns : {1, 7, 64, 96, 1000, 4096}) {
            const Matrix weights = normalSample(5, columns);
            Matrix work = weights;
            std::vector<std::byte> header(transform->headerBytes({5, static_cast<std::size_t>(columns)}));
            QCOMPARE(header.size(), std::size_t{8});
            transform->forward(work, {workers, monitor, 99}, header);
            QVERIFY(std::fabs(work.norm() - weights.norm()) < 1e-4F * weights.norm());
            std::uint64_t seed = 0;
            std::memcpy(&seed, header.data(), sizeof(seed));
            QCOMPARE(seed, std::uint64_t{99});
            transform->inverse(header, work);
            QVERIFY((work - weights).cwiseAbs().maxCoeff() < 5e-6F);
        }
    }

    void the_hadamard_transform_spreads_an_outlier() {
        Workers workers(1);
        SilentMonitor monitor;
        Matrix weights = Matrix::Zero(1, 256);
        weights(0, 17) = 16;
        std::vector<std::byte> header(8);
        makeHadamardTransform()->forward(weights, {workers, monitor, 5}, header);
        QVERIFY((weights.cwiseAbs().array() - 1).abs().maxCoeff() < 1e-6F);
        weights.setConstant(1e30F);
        QVERIFY(errorOf([&] {
                    makeHadamardTransform()->forward(weights, {workers, monitor, 5}, header);
                }).contains("+rht"));
    }
};

QTEST_APPLESS_MAIN(CodecPartsTest)
#include "tst_codec_parts.moc"
