// SPDX-License-Identifier: GPL-3.0-or-later
#include "codec/bit_stream.h"
#include "codec/grid_format.h"
#include "codec/number.h"
#include "codec/plain_layout.h"
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
            for (const std::size_t count : {1U, 5U, 7U, 8U, 9U, 64U, 251U, 1000U}) {
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
        std::uniform_real_distribution<double> exponent(-28, 14);
        for (const StorableType type : {StorableType::fp16, StorableType::bf16, StorableType::fp32}) {
            const StorableNumbers offsets(type, ParameterKind::offset);
            const StorableNumbers scales(type, ParameterKind::scale);
            for (int i = 0; i < 3000; ++i) {
                const double wanted = std::exp2(exponent(generator)) * (i % 2 == 0 ? 1 : -1);
                QVERIFY(offsets.atMost(wanted) <= wanted);
                const float scale = scales.awayFromZero(std::fabs(wanted));
                QVERIFY(scale >= std::fabs(wanted) && scale < std::fabs(wanted) * 1.01 + 1e-7);
                QCOMPARE(scales.nearest(scale), scale);
                QCOMPARE(scales.nearest(-1), 0.0F);
            }
        }
        QCOMPARE(StorableNumbers(StorableType::fp16, ParameterKind::scale).awayFromZero(1e9), largestFp16);
    }

    void units_let_codes_reach_what_was_asked() {
        std::mt19937 generator(6);
        std::uniform_real_distribution<double> exponent(-16, 16);
        for (const CodeRange codes : {CodeRange{0, 15}, {0, 63}, {-32, 31}, {-128, 127}, {0, 255}}) {
            for (int i = 0; i < 3000; ++i) {
                const double one = std::exp2(exponent(generator)) * (i % 2 == 0 ? 1 : -1);
                const double other = one * (i % 3 - 1) * 0.9;
                const NumberRange wanted{std::min({one, other, 0.0}), std::max({one, other, 0.0})};
                const StorableNumbers numbers(codes, wanted);
                const bool onlyNegative = codes.lowest == 0 && wanted.low < 0;
                for (const double value : {wanted.low, wanted.high, 0.3 * one}) {
                    if (onlyNegative && value > 0) {
                        QCOMPARE(numbers.nearest(value), 0.0F);
                        continue;
                    }
                    QVERIFY(numbers.atMost(value) <= value || std::fabs(value) > 65504);
                    const float away = numbers.awayFromZero(value);
                    QVERIFY(std::fabs(away) >= std::fabs(value));
                    const int code = numbers.code(away);
                    QVERIFY(code >= codes.lowest && code <= codes.highest);
                    QCOMPARE(static_cast<float>(code) * numbers.unit(), away);
                }
                // No unit is larger than it must be: the code farthest out is used.
                const double farthest = onlyNegative ? -wanted.low : std::max(-wanted.low, wanted.high);
                QVERIFY(double{std::fabs(numbers.unit())} * std::max(codes.highest, -codes.lowest) <=
                        farthest * 1.04 + 2e-5);
            }
        }
        QCOMPARE(StorableNumbers(CodeRange{0, 63}, {}).nearest(3), 0.0F);
    }

    void rows_return_what_was_written() {
        std::mt19937 generator(7);
        for (const ScaleType type : {ScaleType::fp16, ScaleType::bf16, ScaleType::int8, ScaleType::int6}) {
            for (const auto kind : {ParameterKind::scale, ParameterKind::signedScale}) {
                for (const std::size_t groups : {1U, 7U, 8U, 9U, 40U}) {
                    const bool hasOffset = kind == ParameterKind::scale;
                    const auto layout =
                        makePlainLayout(5, type, kind, hasOffset ? StoredOffset::number : StoredOffset::none);
                    const RowShape shape{groups * 9, groups};
                    const auto each = layout->groupsPerUnit(shape).value_or(groups);
                    std::vector<StorableParameters> storable;
                    for (std::size_t at = 0; at < groups; at += each) {
                        storable.push_back({layout->scales({0, 1 + static_cast<double>(at)}), {}});
                        if (hasOffset) {
                            storable.back().offset = layout->offsets({-2.0 - static_cast<double>(at), 1});
                        }
                    }
                    std::vector<GroupParameters> parameters(groups);
                    for (std::size_t i = 0; i < groups; ++i) {
                        const double fraction = static_cast<double>(generator() % 1000) / 1000;
                        parameters[i] = storable[i / each].nearest(fraction, -2 * fraction);
                    }
                    std::vector<std::uint8_t> indices(shape.columns);
                    for (auto& index : indices) {
                        index = static_cast<std::uint8_t>(generator() % 32);
                    }
                    std::vector<std::byte> bytes(layout->bytes(shape));
                    layout->write(storable, parameters, indices, bytes);
                    std::vector<GroupParameters> parametersRead(groups);
                    std::vector<std::uint8_t> indicesRead(shape.columns);
                    layout->read(bytes, parametersRead, indicesRead);
                    QVERIFY(parametersRead == parameters);
                    QCOMPARE(indicesRead, indices);
                }
            }
        }
    }

    void eight_lloyd_max_levels_are_those_of_max() {
        const std::vector<float> expected{-2.152F, -1.344F, -0.756F, -0.245F, 0.245F, 0.756F, 1.344F, 2.152F};
        const auto format = makeLloydMaxFormat(3, 64, ScaleType::fp16);
        QCOMPARE(format->grid().levels().size(), expected.size());
        for (std::size_t i = 0; i < expected.size(); ++i) {
            QVERIFY(std::fabs(format->grid().levels()[i] - expected[i]) < 6e-4F);
        }
        // Max, 1960, table I: the outermost of 4 and of 16 levels.
        QVERIFY(std::fabs(makeLloydMaxFormat(2, 64, ScaleType::fp16)->grid().last() - 1.510F) < 6e-4F);
        QVERIFY(std::fabs(makeLloydMaxFormat(4, 64, ScaleType::fp16)->grid().last() - 2.733F) < 6e-4F);
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

    void only_parameters_that_are_worse_are_called_so() {
        const Matrix sample = normalSample(1, 300, 8);
        const Matrix power = normalSample(1, 300, 9).cwiseAbs();
        for (const auto& format : {makeIntegerFormat(8, false, 64, ScaleType::fp16),
                                   makeIntegerFormat(2, true, 64, ScaleType::fp16),
                                   makeNormalFloatFormat(4, 64, ScaleType::fp16)}) {
            for (const std::size_t size : {1U, 7U, 8U, 16U, 37U, 64U, 300U}) {
                const std::span<const float> weights(sample.data(), size);
                for (const auto importance : {std::span<const float>(), std::span(power.data(), size)}) {
                    for (const GroupParameters parameters :
                         {GroupParameters{0.02F, -1.3F}, {-0.7F, 0}, {0, 0.5F}}) {
                        const Grid& grid = format->grid();
                        const double error = grid.squaredError(parameters, weights, importance);
                        QVERIFY(!grid.certainlyExceeds(error, parameters, weights, importance));
                        QVERIFY(grid.certainlyExceeds(0.995 * error, parameters, weights, importance));
                    }
                }
            }
            const std::vector<float> huge(40, 3e38F);
            QVERIFY(!format->grid().certainlyExceeds(1, {1, 0}, huge, {})); // beyond single precision
        }
    }

    void the_hadamard_transform_is_orthonormal_and_undone_exactly() {
        Workers workers(2);
        SilentMonitor monitor;
        const auto transform = makeHadamardTransform(false);
        const auto format = makeNormalFloatFormat(4, 64, ScaleType::fp16);
        for (const Eigen::Index columns : {1, 7, 64, 96, 1000, 4096}) {
            const Matrix weights = normalSample(5, columns);
            Matrix work = weights;
            std::vector<std::byte> header(transform->headerBytes({5, static_cast<std::size_t>(columns)}));
            QCOMPARE(header.size(), std::size_t{8});
            transform->forward(work, *format, {workers, monitor, 99}, header);
            QVERIFY(std::fabs(work.norm() - weights.norm()) < 1e-4F * weights.norm());
            std::uint64_t seed = 0;
            std::memcpy(&seed, header.data(), sizeof(seed));
            QCOMPARE(seed, std::uint64_t{99});
            transform->inverse(header,
                               {static_cast<std::size_t>(work.rows()), static_cast<std::size_t>(work.cols())},
                               0, work);
            QVERIFY((work - weights).cwiseAbs().maxCoeff() < 5e-6F);
        }
    }

    void the_hadamard_transform_spreads_an_outlier() {
        Workers workers(1);
        SilentMonitor monitor;
        Matrix weights = Matrix::Zero(1, 256);
        weights(0, 17) = 16;
        std::vector<std::byte> header(8);
        const auto format = makeNormalFloatFormat(4, 64, ScaleType::fp16);
        makeHadamardTransform(false)->forward(weights, *format, {workers, monitor, 5}, header);
        QVERIFY((weights.cwiseAbs().array() - 1).abs().maxCoeff() < 1e-6F);
        weights.setConstant(1e30F);
        QVERIFY(errorOf([&] {
                    makeHadamardTransform(false)->forward(weights, *format, {workers, monitor, 5}, header);
                }).contains("+rht"));
    }
};

QTEST_APPLESS_MAIN(CodecPartsTest)
#include "tst_codec_parts.moc"
