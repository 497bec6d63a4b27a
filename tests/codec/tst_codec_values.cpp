// SPDX-License-Identifier: GPL-3.0-or-later
#include "codec/codec.h"
#include "codec/number.h"
#include "codec_samples.h"
#include "test_support.h"

#include <QTest>
#include <algorithm>
#include <array>
#include <cstring>
#include <limits>

using namespace planish;
using namespace planish::test;

namespace {

float largestError(const Matrix& a, const Matrix& b) {
    return (a - b).cwiseAbs().maxCoeff();
}

} // namespace

class CodecValuesTest : public QObject {
    Q_OBJECT

  private slots:
    void fp32_returns_every_bit() {
        Matrix weights = normalSample(3, 50);
        weights(0, 0) = std::numeric_limits<float>::denorm_min();
        weights(1, 1) = std::numeric_limits<float>::max();
        QVERIFY(Bench().roundTrip("fp32", weights) == weights);
    }

    void half_formats_round_to_nearest_and_saturate() {
        Matrix weights(1, 4);
        weights << 1.0F, 1e6F, -1e6F, 0.1F;
        Matrix half(1, 4);
        half << 1.0F, 65504.0F, -65504.0F, 0.0999755859375F;
        QVERIFY(Bench().roundTrip("fp16", weights) == half);
        weights << 1.0F, std::numeric_limits<float>::max(), 3.0F, 0.1F;
        half << 1.0F, largestBf16, 3.0F, 0.10009765625F;
        QVERIFY(Bench().roundTrip("bf16", weights) == half);
    }

    void int4_rows_have_the_documented_layout() {
        const Matrix weights = normalSample(2, 21);
        const PackedTensor packed = Bench().encode("int4:g16", weights);
        const Matrix decoded = Bench().decode("int4:g16", packed);
        const std::size_t rowBytes = 2 * (2 + 2) + 11;
        QCOMPARE(packed.bytes.size(), 2 * rowBytes);
        for (std::size_t row = 0; row < 2; ++row) {
            const std::byte* bytes = packed.bytes.data() + row * rowBytes;
            for (std::size_t column = 0; column < 21; ++column) {
                std::uint16_t scale = 0;
                std::uint16_t minimum = 0;
                std::memcpy(&scale, bytes + 2 * (column / 16), 2);
                std::memcpy(&minimum, bytes + 4 + 2 * (column / 16), 2);
                const auto byte = static_cast<unsigned>(bytes[8 + column / 2]);
                const unsigned level = column % 2 == 0 ? byte & 15U : byte >> 4;
                QCOMPARE(decoded(static_cast<Eigen::Index>(row), static_cast<Eigen::Index>(column)),
                         fromFp16(minimum) + fromFp16(scale) * static_cast<float>(level));
            }
        }
    }

    void no_weight_is_farther_than_half_a_step_from_its_level() {
        // Odd tails and every width; the step is that of the covering grid, a little more for its rounding.
        for (int bits = 2; bits <= 8; ++bits) {
            for (const std::string kind : {"", ":sym"}) {
                const std::string codec = "int" + std::to_string(bits) + kind + ":g24";
                const Matrix weights = normalSample(6, 61, static_cast<unsigned>(bits));
                const Matrix decoded = Bench().roundTrip(codec, weights);
                for (Eigen::Index row = 0; row < 6; ++row) {
                    for (Eigen::Index start = 0; start < 61; start += 24) {
                        const Eigen::Index size = std::min<Eigen::Index>(24, 61 - start);
                        const auto group = weights.row(row).segment(start, size);
                        const float steps = static_cast<float>((1 << bits) - 1);
                        const float magnitude = group.cwiseAbs().maxCoeff();
                        const float range = kind.empty() ? group.maxCoeff() - group.minCoeff()
                                                         : magnitude * steps / (steps / 2);
                        const float bound = 0.502F * range / steps + magnitude * 0.001F;
                        QVERIFY2((decoded.row(row).segment(start, size) - group).cwiseAbs().maxCoeff() <=
                                     bound,
                                 codec.c_str());
                    }
                }
            }
        }
    }

    void flat_groups_return_their_value() {
        for (const float value : {0.0F, 1.0F, -0.37F, 1e-3F, 1234.5F}) {
            const Matrix weights = Matrix::Constant(2, 70, value);
            for (const std::string codec :
                 {"int4:g32", "int2:g64+mse", "int3:row+refine", "int4:sym:g16", "uint4:g16",
                  "int4:g32:scale=int8", "nf4:g64", "int4:g32:scale=bf16", "int4:g64+outliers=1%"}) {
                const bool coarse = codec.find("bf16") != std::string::npos;
                const float bound = std::fabs(value) * (coarse ? 0.005F : 0.001F);
                QVERIFY2(largestError(Bench().roundTrip(codec, weights), weights) <= bound, codec.c_str());
            }
        }
    }

    void ramps_of_as_many_steps_as_levels_are_exact() {
        Matrix weights(1, 32);
        for (Eigen::Index i = 0; i < 32; ++i) {
            weights(0, i) = -1.0F + 0.125F * static_cast<float>(i % 16);
        }
        for (const std::string codec :
             {"int4:g16", "int4:g32+refine", "int4:row+mse", "int4:g16:scale=bf16"}) {
            QVERIFY2(Bench().roundTrip(codec, weights) == weights, codec.c_str());
        }
    }

    void zeros_stay_zero_in_every_codec() {
        const Matrix weights = Matrix::Zero(3, 130);
        for (const std::string& codec : everyKind()) {
            QVERIFY2(Bench().roundTrip(codec, weights) == weights, codec.c_str());
        }
    }

    void tiny_weights_keep_a_bounded_error() {
        for (const float size : {1e-5F, 1e-7F, 1e-9F, 1e-20F, 1e-40F}) {
            const Matrix weights = normalSample(4, 130) * size;
            for (const std::string& codec : everyKind()) {
                const float bound = std::max(4 * weights.cwiseAbs().maxCoeff(), 1.2e-7F);
                QVERIFY2(largestError(Bench().roundTrip(codec, weights), weights) <= bound, codec.c_str());
            }
        }
    }

    void huge_weights_decode_to_finite_values() {
        constexpr std::array stages{"+rht", "+sinq", "+lowrank"};
        for (const float size : {1e4F, 1e6F, 1e20F, 7e37F}) {
            Matrix weights = normalSample(4, 130).cwiseMin(4.0F).cwiseMax(-4.0F) * size;
            weights(0, 0) = size == 7e37F ? std::numeric_limits<float>::max() : size;
            weights(0, 1) = -weights(0, 0);
            for (const std::string& codec : everyKind()) {
                const bool refuses = std::any_of(stages.begin(), stages.end(), [&](const char* stage) {
                    return codec.find(stage) != std::string::npos;
                });
                if (refuses && size > 1e20F) {
                    continue;
                }
                QVERIFY2(Bench().roundTrip(codec, weights).allFinite(), codec.c_str());
            }
        }
    }

    void weights_beyond_fp16_scales_are_stored_by_bf16_scales() {
        const Matrix weights = normalSample(4, 128) * 1e8F;
        const Matrix decoded = Bench().roundTrip("int8:g32:scale=bf16", weights);
        QVERIFY(storageError(weights, decoded).relative < 1e-3);
    }

    void not_finite_weights_are_refused_by_place() {
        for (const std::string& codec : everyKind()) {
            Matrix weights = normalSample(40, 70);
            weights(31, 6) = std::numeric_limits<float>::quiet_NaN();
            const QString nan = errorOf([&] { Bench(2).encode(codec, weights); });
            QVERIFY2(nan.contains("row 31, column 6") && nan.contains("NaN"), qPrintable(nan));
            weights(3, 69) = -std::numeric_limits<float>::infinity();
            const QString infinite = errorOf([&] { Bench(2).encode(codec, weights); });
            QVERIFY2(infinite.contains("row 3, column 69") && infinite.contains("infinite"),
                     qPrintable(infinite));
        }
    }

    void outliers_are_kept_in_fp16_and_leave_the_rest_fine() {
        Matrix weights = normalSample(8, 128) * 0.01F;
        weights(2, 5) = 3.0F;
        weights(7, 127) = -2.5F;
        const Matrix decoded = Bench().roundTrip("int4:g64+outliers=0.2%", weights);
        QCOMPARE(decoded(2, 5), 3.0F);
        QCOMPARE(decoded(7, 127), -2.5F);
        QVERIFY(largestError(decoded, weights) < 0.005F);
        QVERIFY(largestError(Bench().roundTrip("int4:g64", weights), weights) > 0.05F);
    }

    void rows_longer_than_16_bit_places_keep_their_outliers() {
        Matrix weights = normalSample(1, 70000) * 0.01F;
        weights(0, 69999) = 5;
        QCOMPARE(Bench().roundTrip("int4:g64+outliers=0.01%", weights)(0, 69999), 5.0F);
    }

    void a_residual_repairs_what_the_first_stage_missed() {
        const Matrix weights = normalSample(8, 256);
        const double one = storageError(weights, Bench().roundTrip("int3:g64", weights)).relative;
        const double two =
            storageError(weights, Bench().roundTrip("int3:g64+res=int3:g64", weights)).relative;
        QVERIFY(two < one / 30);
        QVERIFY(largestError(Bench().roundTrip("int2:g64+rht+res=fp32", weights), weights) < 5e-6F);
    }

    void rows_decode_alone_as_in_the_whole() {
        const Matrix weights = normalSample(23, 130);
        for (const std::string& codec : everyKind()) {
            const PackedTensor packed = Bench().encode(codec, weights);
            const Matrix whole = Bench(4).decode(codec, packed);
            for (const std::size_t first : {0U, 5U, 22U}) {
                Matrix part(std::min<Eigen::Index>(7, 23 - static_cast<Eigen::Index>(first)), 130);
                Codec::parse(codec).decodeRows(packed, first, part);
                QVERIFY2(part == whole.middleRows(static_cast<Eigen::Index>(first), part.rows()),
                         codec.c_str());
            }
        }
    }

    void bytes_do_not_depend_on_the_number_of_threads() {
        const Matrix weights = normalSample(300, 515);
        for (const std::string& codec : everyKind()) {
            const PackedTensor one = Bench(1).encode(codec, weights);
            const PackedTensor four = Bench(4).encode(codec, weights);
            QVERIFY2(one.bytes == four.bytes, codec.c_str());
            QVERIFY2(Bench(1).decode(codec, one) == Bench(4).decode(codec, four), codec.c_str());
        }
    }

    void views_with_strides_encode_as_their_copies() {
        const Matrix wide = normalSample(9, 200);
        const Matrix copy = wide.middleCols(30, 100);
        Bench bench;
        const Codec codec = Codec::parse("int4:g32+refine");
        const PackedTensor packed = codec.encode(wide.middleCols(30, 100), {bench.workers, bench.monitor, 1});
        QVERIFY(packed.bytes == codec.encode(copy, {bench.workers, bench.monitor, 1}).bytes);
    }

    void the_seed_chooses_the_transform_and_travels_in_the_bytes() {
        const Matrix weights = normalSample(4, 64);
        Bench bench;
        const Codec codec = Codec::parse("int4:g32+rht");
        const PackedTensor a = codec.encode(weights, {bench.workers, bench.monitor, 1});
        const PackedTensor b = codec.encode(weights, {bench.workers, bench.monitor, 2});
        QVERIFY(a.bytes != b.bytes);
        QVERIFY(storageError(weights, codec.decode(a, bench.workers)).relative < 0.02);
        QVERIFY(storageError(weights, codec.decode(b, bench.workers)).relative < 0.02);
    }

    void bytes_of_another_size_are_refused() {
        for (const std::string& codec : everyKind()) {
            PackedTensor packed = Bench().encode(codec, normalSample(3, 40));
            packed.bytes.pop_back();
            QVERIFY2(errorOf([&] { Bench().decode(codec, packed); }).contains("size"), codec.c_str());
            packed.bytes.resize(packed.bytes.size() + 2);
            Matrix row(1, 40);
            QVERIFY(errorOf([&] { Codec::parse(codec).decodeRows(packed, 0, row); }).contains("size"));
        }
    }

    void rows_outside_the_tensor_are_refused() {
        const PackedTensor packed = Bench().encode("int4:g16", normalSample(3, 40));
        const Codec codec = Codec::parse("int4:g16");
        Matrix two(2, 40);
        Matrix narrow(1, 39);
        QVERIFY(!errorOf([&] { codec.decodeRows(packed, 2, two); }).isEmpty());
        QVERIFY(!errorOf([&] {
                     codec.decodeRows(packed, std::numeric_limits<std::size_t>::max(), two);
                 }).isEmpty());
        QVERIFY(!errorOf([&] { codec.decodeRows(packed, 0, narrow); }).isEmpty());
    }

    void hostile_bytes_decode_or_are_refused() {
        std::mt19937 generator(11);
        for (const std::string& codec : everyKind()) {
            const Codec parsed = Codec::parse(codec);
            for (int i = 0; i < 30; ++i) {
                const Shape shape{1 + generator() % 9, 1 + generator() % 200};
                PackedTensor packed{shape, std::vector<std::byte>(parsed.packedBytes(shape))};
                for (std::byte& byte : packed.bytes) {
                    byte = static_cast<std::byte>(generator());
                }
                const QString message = errorOf([&] { Bench().decode(codec, packed); });
                QVERIFY2(message.isEmpty() || message.contains("outliers") || message.contains("sparse") ||
                             message.contains("packed tensor"),
                         qPrintable(message));
            }
        }
    }

    void encoding_stops_when_cancelled() {
        Workers workers(2);
        CancelAfter monitor(3);
        const Matrix weights = normalSample(2000, 500);
        for (const std::string codec :
             {"int4:g64+mse", "bf16", "int4:g64+outliers=1%", "int4:g64+sparse=9%"}) {
            QVERIFY_EXCEPTION_THROWN(Codec::parse(codec).encode(weights, {workers, monitor, 0}), Cancelled);
        }
    }

    void storage_error_is_relative_to_the_weights() {
        Matrix weights(1, 2);
        weights << 3, 4;
        Matrix stored(1, 2);
        stored << 3, 3.5F;
        QCOMPARE(storageError(weights, stored).relative, 0.01);
        QCOMPARE(storageError(weights, stored).sqnrDecibel, 20.0);
        QCOMPARE(storageError(weights, weights).relative, 0.0);
        QVERIFY(std::isinf(storageError(weights, weights).sqnrDecibel));
        QCOMPARE(storageError(Matrix::Zero(1, 2), Matrix::Zero(1, 2)).relative, 0.0);
    }
};

QTEST_APPLESS_MAIN(CodecValuesTest)
#include "tst_codec_values.moc"
