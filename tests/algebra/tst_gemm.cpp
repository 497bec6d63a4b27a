// SPDX-License-Identifier: GPL-3.0-or-later
#include "algebra/gemm.h"

#include <QTest>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>

using namespace planish;

namespace {

/// To nearest even, denormals to zero: the scalar form of what the CPU's instructions do.
float roundToBfloat16(float value) {
    if (std::abs(value) < std::numeric_limits<float>::min()) {
        return std::copysign(0.0F, value);
    }
    const auto bits = std::bit_cast<std::uint32_t>(value);
    return std::bit_cast<float>((bits + 0x7fffU + (bits >> 16 & 1U)) & 0xffff0000U);
}

/// The product in double, of factors as the arithmetic represents them.
Eigen::MatrixXd reference(MatrixView a, MatrixView bTransposed, Arithmetic arithmetic) {
    if (arithmetic == Arithmetic::float32) {
        return a.cast<double>() * bTransposed.cast<double>().transpose();
    }
    return a.unaryExpr(&roundToBfloat16).cast<double>() *
           bTransposed.unaryExpr(&roundToBfloat16).cast<double>().transpose();
}

} // namespace

/// All of it in fp32 and, where the CPU has the instructions, in bf16.
class GemmTest : public QObject {
    Q_OBJECT

  private slots:
    void products_equal_the_reference_on_odd_shapes_and_strided_views() {
        for (const Arithmetic arithmetic : {Arithmetic::float32, fastestArithmetic()}) {
            PackedMatrix packed;
            for (const Eigen::Index rows : {1, 2, 5, 12, 37, 300}) {
                for (const Eigen::Index inputs : {1, 2, 53, 256, 600}) {
                    for (const Eigen::Index outputs : {1, 15, 16, 29, 64, 70}) {
                        const Matrix a = Matrix::Random(rows, inputs + 3);
                        const Matrix b = Matrix::Random(outputs, inputs + 1);
                        Matrix out = Matrix::Random(rows, outputs + 7);
                        const Matrix before = out;
                        const auto left = a.middleCols(2, inputs);
                        const auto right = b.leftCols(inputs);
                        const Matrix expected = reference(left, right, arithmetic).cast<float>();
                        const auto differs = [&](const Matrix& found) {
                            return (found - expected).cwiseAbs().maxCoeff() >= 1e-4F;
                        };
                        packed.packTransposed(right, arithmetic);
                        multiply(left, packed, out.middleCols(5, outputs), true);
                        QVERIFY(!differs(out.middleCols(5, outputs) - before.middleCols(5, outputs)));
                        QVERIFY(out.leftCols(5) == before.leftCols(5) &&
                                out.rightCols(2) == before.rightCols(2));
                        packed.pack(Matrix(right.transpose()), arithmetic);
                        multiply(left, packed, out.middleCols(5, outputs));
                        QVERIFY(!differs(out.middleCols(5, outputs)));
                    }
                }
            }
        }
    }

    void the_first_inputs_and_outputs_can_take_part_alone() {
        for (const Arithmetic arithmetic : {Arithmetic::float32, fastestArithmetic()}) {
            const Matrix a = Matrix::Random(7, 20);
            const Matrix b = Matrix::Random(90, 33);
            PackedMatrix packed;
            packed.packTransposed(b, arithmetic);
            Matrix out(7, 41);
            multiply(a, packed, out);
            const Matrix expected = reference(a, b.topLeftCorner(41, 20), arithmetic).cast<float>();
            QVERIFY((out - expected).cwiseAbs().maxCoeff() < 1e-5F);
        }
    }

    void a_row_of_a_product_does_not_depend_on_its_neighbours() {
        for (const Arithmetic arithmetic : {Arithmetic::float32, fastestArithmetic()}) {
            const Matrix a = Matrix::Random(301, 700);
            PackedMatrix packed;
            packed.packTransposed(Matrix::Random(45, 700), arithmetic);
            Matrix all(301, 45);
            multiply(a, packed, all);
            for (Eigen::Index row = 0; row < all.rows(); ++row) {
                Matrix one(1, 45);
                multiply(a.row(row), packed, one);
                QVERIFY(one == Matrix(all.row(row)));
            }
        }
    }

    void rows_made_on_demand_pack_as_those_in_memory() {
        Workers workers(2);
        for (const Arithmetic arithmetic : {Arithmetic::float32, fastestArithmetic()}) {
            const Matrix b = Matrix::Random(77, 45);
            PackedMatrix whole;
            whole.packTransposed(b, arithmetic);
            PackedMatrix parts;
            parts.packTransposed(
                {77, 45},
                [&](std::size_t first, MutableMatrixView out) {
                    out = b.middleRows(static_cast<Eigen::Index>(first), out.rows());
                },
                workers, arithmetic);
            const Matrix a = Matrix::Random(3, 45);
            Matrix expected(3, 77);
            Matrix found(3, 77);
            multiply(a, whole, expected);
            multiply(a, parts, found);
            QVERIFY(found == expected);
        }
    }

    void extreme_values_keep_their_meaning() {
        constexpr float infinity = std::numeric_limits<float>::infinity();
        constexpr float largest = std::numeric_limits<float>::max();
        for (const Arithmetic arithmetic : {Arithmetic::float32, fastestArithmetic()}) {
            Matrix a = Matrix::Zero(4, 3);
            a << infinity, 0, 0,                                           //
                std::numeric_limits<float>::quiet_NaN(), 1, 1,             //
                std::numeric_limits<float>::denorm_min(), 1e-40F, -1e-40F, //
                largest, 1, 0;
            PackedMatrix ones;
            ones.packTransposed(Matrix::Ones(1, 3), arithmetic);
            Matrix out(4, 1);
            multiply(a, ones, out);
            QCOMPARE(out(0), infinity);
            QVERIFY(std::isnan(out(1)));
            QVERIFY(std::abs(out(2)) < std::numeric_limits<float>::min());
            QVERIFY(out(3) >= largest); // bf16 rounds it up to infinity
        }
    }
};

QTEST_APPLESS_MAIN(GemmTest)
#include "tst_gemm.moc"
