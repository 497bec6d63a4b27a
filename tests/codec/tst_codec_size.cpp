// SPDX-License-Identifier: GPL-3.0-or-later
#include "codec/codec.h"
#include "codec_samples.h"
#include "test_support.h"

#include <QTest>
#include <limits>

using namespace planish;
using namespace planish::test;

namespace {

double bitsPerWeight(const std::string& codec) {
    return Bench().encode(codec, normalSample(4, 1024)).bitsPerWeight();
}

std::size_t ceiling(std::size_t a, std::size_t b) {
    return (a + b - 1) / b;
}

} // namespace

class CodecSizeTest : public QObject {
    Q_OBJECT

  private slots:
    void int4_g8_stores_eight_bits_per_weight() { QCOMPARE(bitsPerWeight("int4:g8"), 8.0); }
    void int4_g16_stores_six_bits_per_weight() { QCOMPARE(bitsPerWeight("int4:g16"), 6.0); }
    void int4_g32_stores_five_bits_per_weight() { QCOMPARE(bitsPerWeight("int4:g32"), 5.0); }
    void int4_g64_stores_four_and_a_half_bits_per_weight() { QCOMPARE(bitsPerWeight("int4:g64"), 4.5); }
    void int4_g128_stores_four_and_a_quarter_bits_per_weight() { QCOMPARE(bitsPerWeight("int4"), 4.25); }
    void symmetric_grids_store_a_scale_only() { QCOMPARE(bitsPerWeight("int4:sym:g64"), 4.25); }
    void zero_points_are_stored_in_as_many_bits_as_levels() {
        QCOMPARE(bitsPerWeight("uint4:g64"), 4.0 + 20.0 / 64);
        QCOMPARE(bitsPerWeight("uint8:row:scale=bf16"), 8.0 + 24.0 / 1024);
        QCOMPARE(bitsPerWeight("uint3:g128:scale=int8"), 3.0 + 11.0 / 128 + 16.0 / 1024);
    }
    void nf4_g64_stores_four_and_a_quarter_bits_per_weight() { QCOMPARE(bitsPerWeight("nf4"), 4.25); }
    void int8_parameters_store_a_byte_a_group_and_units_a_row() {
        QCOMPARE(bitsPerWeight("int4:g64:scale=int8"), 4.0 + 16.0 / 64 + 32.0 / 1024);
        QCOMPARE(bitsPerWeight("int4:sym:g64:scale=int8"), 4.0 + 8.0 / 64 + 16.0 / 1024);
    }
    void int6_parameters_store_six_bits_a_group_and_units_for_every_eight() {
        QCOMPARE(bitsPerWeight("int4:g32:scale=int6"), 4.5);
        QCOMPARE(bitsPerWeight("int4:sym:g32:scale=int6"), 4.25);
        QCOMPARE(bitsPerWeight("nf3:g16:scale=int6"), 3.5);
        for (const std::size_t columns : {1U, 63U, 64U, 65U, 127U, 128U, 200U, 1031U}) {
            for (const std::size_t group : {8U, 13U, 64U, 1024U}) {
                const std::size_t groups = ceiling(columns, group);
                const std::size_t parameters = 2 * ceiling(groups, 8) + ceiling(groups * 6, 8);
                const std::string size = ":g" + std::to_string(group) + ":scale=int6";
                const Shape shape{3, columns};
                QCOMPARE(Codec::parse("int4" + size).packedBytes(shape),
                         3 * (2 * parameters + ceiling(columns * 4, 8)));
                QCOMPARE(Codec::parse("lloyd3" + size).packedBytes(shape),
                         3 * (parameters + ceiling(columns * 3, 8)));
            }
        }
    }
    void rounding_stores_nothing() {
        QCOMPARE(bitsPerWeight("int4:g64+mse"), bitsPerWeight("int4:g64"));
        QCOMPARE(bitsPerWeight("int4:g64+refine"), bitsPerWeight("int4:g64"));
    }
    void lloyd_levels_store_a_scale_a_row() { QCOMPARE(bitsPerWeight("lloyd3"), 3 + 16.0 / 1024); }
    void plain_numbers_store_their_width() {
        QCOMPARE(bitsPerWeight("fp32"), 32.0);
        QCOMPARE(bitsPerWeight("bf16"), 16.0);
        QCOMPARE(bitsPerWeight("fp16"), 16.0);
    }
    void corrections_and_transforms_are_counted() {
        const double count = 4 * 1024;
        QCOMPARE(bitsPerWeight("int4:g64+rht"), 4.5 + 64 / count);
        QCOMPARE(bitsPerWeight("int4:g64+res=int2:g64"), 4.5 + 2.5);
        QCOMPARE(bitsPerWeight("int4:g64+outliers=1%"), 4.5 + 32 * 40 / count + 32.0 / 1024);
        QCOMPARE(bitsPerWeight("int4:g64+sparse=90%"), 4.5 + 1);
        QCOMPARE(bitsPerWeight("int4:g64+sparse=6.25%"), 4.5 + 1); // as many bits in a list
        QCOMPARE(bitsPerWeight("int4:g64+sparse=3.125%"), 4.5 + 0.5);
        QCOMPARE(bitsPerWeight("int4:g64+lowrank=2"), 4.5 + 16 * 2 * (4 + 1024) / count);
        QCOMPARE(bitsPerWeight("int4:g64+lowrank=2:int8"), 4.5 + (8 * 2 * (4 + 1024) + 16 * (4 + 2)) / count);
        QCOMPARE(bitsPerWeight("int4:g64+lowrank=200"), bitsPerWeight("int4:g64+lowrank=4"));
    }

    void grids_take_what_the_formula_says_for_every_shape() {
        for (const std::size_t columns : {1U, 7U, 8U, 9U, 63U, 64U, 65U, 127U, 200U, 1031U}) {
            for (const std::size_t group : {8U, 13U, 64U, 1024U}) {
                for (std::size_t bits = 2; bits <= 8; ++bits) {
                    const std::string grid = "int" + std::to_string(bits) + ":g" + std::to_string(group);
                    const std::size_t groups = ceiling(columns, group);
                    const std::size_t levels = ceiling(columns * bits, 8);
                    const Shape shape{3, columns};
                    QCOMPARE(Codec::parse(grid).packedBytes(shape), 3 * (4 * groups + levels));
                    QCOMPARE(Codec::parse(grid + ":scale=int8").packedBytes(shape),
                             3 * (4 + 2 * groups + levels));
                }
            }
        }
    }

    void packed_bytes_are_predicted_exactly() {
        Bench bench;
        for (const std::string& codec : everyKind()) {
            for (const auto& [rows, columns] : {std::pair{1, 1}, {1, 333}, {17, 1}, {5, 96}, {3, 130}}) {
                const Matrix weights = normalSample(rows, columns);
                const PackedTensor packed = bench.encode(codec, weights);
                QCOMPARE(packed.bytes.size(), Codec::parse(codec).packedBytes(packed.shape));
                const Matrix decoded = bench.decode(codec, packed);
                QCOMPARE(decoded.rows(), weights.rows());
                QCOMPARE(decoded.cols(), weights.cols());
                QVERIFY2(decoded.allFinite(), codec.c_str());
            }
        }
    }

    void shapes_that_no_memory_holds_are_refused() {
        const std::size_t huge = std::numeric_limits<std::size_t>::max() / 2;
        for (const std::string& codec : everyKind()) {
            const Codec parsed = Codec::parse(codec);
            for (const Shape shape : {Shape{huge, 100}, Shape{100, huge}, Shape{huge, huge}, Shape{0, 8},
                                      Shape{8, 0}, Shape{huge, 0}}) {
                QVERIFY2(!errorOf([&] { parsed.packedBytes(shape); }).isEmpty(), codec.c_str());
                Workers workers(1);
                PackedTensor packed{shape, {}};
                QVERIFY2(errorOf([&] { parsed.decode(packed, workers); }).contains("packed tensor"),
                         codec.c_str());
            }
        }
    }
};

QTEST_APPLESS_MAIN(CodecSizeTest)
#include "tst_codec_size.moc"
