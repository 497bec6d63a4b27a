// SPDX-License-Identifier: GPL-3.0-or-later
#include "codec/codec.h"
#include "codec/row_coordinates.h"
#include "codec_samples.h"
#include "test_support.h"

#include <QTest>

using namespace planish;
using namespace planish::test;

namespace {

constexpr Eigen::Index rows = 40;
constexpr Eigen::Index columns = 256;

/// A packed tensor whose coordinates a test moves.
struct Moving {
    explicit Moving(const std::string& name)
        : codec(Codec::parse(name)), packed(bench.encode(name, normalSample(rows, columns), &statistics)) {
        coordinates = codec.coordinates(packed, bench.workers);
    }
    Matrix decoded() { return codec.decode(packed, bench.workers); }
    PackedTensor moved(Matrix to) {
        PackedTensor result = packed;
        codec.writeCoordinates(to, result, bench.workers);
        return result;
    }

    Bench bench{2};
    InputStatistics statistics = statisticsOf(correlatedInputs(300, columns));
    Codec codec;
    PackedTensor packed;
    Matrix coordinates;
};

double dot(const Matrix& a, const Matrix& b) {
    return a.cast<double>().cwiseProduct(b.cast<double>()).sum();
}

double norm(const Matrix& a) {
    return std::sqrt(dot(a, a));
}

void verifyNear(double found, double expected, double within) {
    QVERIFY2(std::fabs(found - expected) <= within,
             qPrintable(QString("%1 instead of %2").arg(found).arg(expected)));
}

} // namespace

class CodecCoordinatesTest : public QObject {
    Q_OBJECT

  private slots:
    void codecs_data() {
        QTest::addColumn<std::string>("name");
        for (const char* name :
             {"int3:g32", "int3:sym:g32", "int4:g40", "uint4:g32+mse", "nf4:g32", "lloyd3:row+rht",
              "codebook3:row", "codebook2:g32", "Q4_K", "Q4_0", "int2:g32+rht:both", "int4:g32:scale=int8",
              "int3:g32+sinq", "int3:g32+awq+gptq", "int3:g32+outliers=2%", "int3:g32+sparse=30%",
              "int3:g32+lowrank=4", "int3:g32+rht:both+gptq+outliers=1%"}) {
            QTest::newRow(name) << std::string(name);
        }
    }

    void written_as_they_are_nothing_changes_data() { codecs_data(); }
    void written_as_they_are_nothing_changes() {
        QFETCH(std::string, name);
        Moving tensor(name);
        const Matrix before = tensor.decoded();
        const Matrix after = tensor.codec.decode(tensor.moved(tensor.coordinates), tensor.bench.workers);
        // Scales in few bits count from units that are found anew.
        const bool coarse = name == "Q4_K" || name == "int4:g32:scale=int8";
        QVERIFY(norm(after - before) < (coarse ? 2e-2 : 2e-3) * norm(before));
    }

    /// What is decoded is linear in them: any step changes any linear function of the weights by the slopes
    /// of that times the step, but for how finely coordinates can be stored.
    void slopes_tell_what_a_step_does_data() { codecs_data(); }
    void slopes_tell_what_a_step_does() {
        QFETCH(std::string, name);
        Moving tensor(name);
        const Matrix before = tensor.decoded();
        const Matrix ofWeights = normalSample(rows, columns, 3);
        const Matrix slopes = tensor.codec.coordinateSlopes(tensor.packed, ofWeights, tensor.bench.workers);
        // Uphill, so that all coordinates together make a difference.
        const double size = 0.1 * norm(tensor.coordinates) / norm(slopes);
        const Matrix step = slopes * static_cast<float>(size);
        const PackedTensor moved = tensor.moved(tensor.coordinates + step);
        const Matrix change = tensor.codec.decode(moved, tensor.bench.workers) - before;
        verifyNear(dot(ofWeights, change), dot(slopes, step), 0.1 * dot(slopes, step));
    }

    /// In formats alone, where coordinates are stored finely.
    void weights_go_as_far_as_coordinates_data() {
        QTest::addColumn<std::string>("name");
        for (const char* name :
             {"int3:g32", "int3:sym:g32", "nf4:g32", "codebook3:row", "int3:g32+rht:both"}) {
            QTest::newRow(name) << std::string(name);
        }
    }
    void weights_go_as_far_as_coordinates() {
        QFETCH(std::string, name);
        Moving tensor(name);
        verifyNear(norm(tensor.coordinates), norm(tensor.decoded()), 1e-3 * norm(tensor.coordinates));
        const Matrix step = 0.02F * norm(tensor.coordinates) /
                            std::sqrt(static_cast<float>(tensor.coordinates.size())) *
                            normalSample(tensor.coordinates.rows(), tensor.coordinates.cols(), 5);
        const Matrix before = tensor.decoded();
        const Matrix after =
            tensor.codec.decode(tensor.moved(tensor.coordinates + step), tensor.bench.workers);
        verifyNear(norm(after - before), norm(step), 0.25 * norm(step));
    }

    void codes_stay() {
        Moving tensor("int3:g32");
        PackedTensor moved = tensor.moved(1.2F * tensor.coordinates);
        QCOMPARE(moved.bytes.size(), tensor.packed.bytes.size());
        QVERIFY(moved.bytes != tensor.packed.bytes);
        Matrix back = tensor.coordinates;
        tensor.codec.writeCoordinates(back, moved, tensor.bench.workers);
        QVERIFY(moved.bytes == tensor.packed.bytes);
    }

    /// Their codes change place with them, and so do the coordinates.
    void levels_that_pass_one_another_come_back_in_order() {
        Moving tensor("codebook2:row");
        const Matrix wanted = -tensor.coordinates;
        Matrix written = wanted;
        PackedTensor packed = tensor.packed;
        tensor.codec.writeCoordinates(written, packed, tensor.bench.workers);
        QVERIFY(norm(written - wanted) > 0.1 * norm(wanted));
        QVERIFY(norm(tensor.codec.decode(packed, tensor.bench.workers) + tensor.decoded()) == 0);
        const Matrix read = tensor.codec.coordinates(packed, tensor.bench.workers);
        QVERIFY(norm(written - read) < 1e-3 * norm(read));
    }

    void a_parameter_that_nothing_depends_on_stays() {
        // Levels all the same: the scale does what the minimum does.
        LinearRow row{4, 2, 2, {0.5, -1}, {}, {}};
        for (int i = 0; i < 4; ++i) {
            row.terms.push_back({0, 3.0F});
            row.terms.push_back({1, 1.0F});
        }
        const RowCoordinates coordinates(row);
        std::vector<float> found(2);
        coordinates.of(row.parameters, found);
        const std::vector<double> back = coordinates.parameters(found);
        QVERIFY(std::fabs(back[0] - 0.5) < 1e-6 && std::fabs(back[1] + 1) < 1e-6);
        coordinates.slopes(std::vector<float>{1, 2, -1, 0.5F}, found);
        QVERIFY(std::fabs(found[0]) > 0.1F);
        QCOMPARE(found[1], 0.0F);
    }

    void formats_without_have_none() {
        for (const char* name : {"bf16", "ec3", "trellis3:L8", "pq:d2:k16:m1"}) {
            const Codec codec = Codec::parse(name);
            QCOMPARE(codec.coordinateShape({8, 8}), Shape());
            Bench bench;
            const PackedTensor packed = bench.encode(name, normalSample(32, 32));
            QCOMPARE(codec.coordinates(packed, bench.workers).size(), Eigen::Index{0});
        }
    }
};

QTEST_GUILESS_MAIN(CodecCoordinatesTest)
#include "tst_codec_coordinates.moc"
