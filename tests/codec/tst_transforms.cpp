// SPDX-License-Identifier: GPL-3.0-or-later
#include "codec/awq.h"
#include "codec/grid_format.h"
#include "codec/number.h"
#include "codec/transform.h"
#include "codec_samples.h"
#include "test_support.h"

#include <QTest>
#include <cstring>

using namespace planish;
using namespace planish::test;

namespace {

/// A few channels carry most of the power, as in language models.
Matrix inputsWithDominantChannels(Eigen::Index tokens, Eigen::Index columns) {
    Matrix inputs = normalSample(tokens, columns, 5);
    for (Eigen::Index column = 3; column < columns; column += 40) {
        inputs.col(column) *= 25;
    }
    return inputs;
}

/// Rows and columns of very different size.
Matrix badlyScaled(Eigen::Index rows, Eigen::Index columns) {
    Matrix weights = normalSample(rows, columns, 3);
    const Vector ofRows = (normalSample(rows, 1, 13) * 1.5F).array().exp();
    const Vector ofColumns = normalSample(columns, 1, 14).array().exp();
    return ofRows.asDiagonal() * weights * ofColumns.asDiagonal();
}

double trace(const Matrix& weights, const Matrix& moment) {
    const Eigen::MatrixXd precise = weights.cast<double>();
    return (precise * moment.cast<double>()).cwiseProduct(precise).sum();
}

double lossOf(const std::string& codec, const Matrix& weights, const InputStatistics& inputs) {
    Bench bench(2);
    return proxyLoss(weights, bench.roundTrip(codec, weights, &inputs), inputs, bench.workers);
}

std::vector<float> halves(std::span<const std::byte> bytes) {
    std::vector<float> numbers(bytes.size() / 2);
    for (std::size_t i = 0; i < numbers.size(); ++i) {
        std::uint16_t bits = 0;
        std::memcpy(&bits, bytes.data() + 2 * i, 2);
        numbers[i] = fromFp16(bits);
    }
    return numbers;
}

Vector asVector(const std::vector<float>& numbers) {
    return Eigen::Map<const Vector>(numbers.data(), static_cast<Eigen::Index>(numbers.size()));
}

/// The scales of the paper for one exponent, in double.
Vector paperScales(const Vector& magnitude, double alpha) {
    const Eigen::ArrayXd powers = magnitude.cast<double>().array().pow(alpha);
    return (powers / std::sqrt(powers.maxCoeff() * powers.minCoeff())).cast<float>();
}

/// A transform applied: the weights and the header it wrote.
struct Forward {
    Forward(const Transform& transform, const Matrix& original, const InputStatistics& inputs)
        : weights(original),
          header(transform.headerBytes(
              {static_cast<std::size_t>(original.rows()), static_cast<std::size_t>(original.cols())})) {
        const auto format = makeIntegerFormat(3, false, 32, ScaleType::fp16);
        const EncodeContext context{bench.workers, bench.monitor, 42, &inputs};
        transform.forward(weights, *format, context, header);
        statistics = transform.transformed(inputs, header, context);
    }

    Bench bench{2};
    Matrix weights;
    std::vector<std::byte> header;
    InputStatistics statistics;
};

bool isClose(const Matrix& a, const Matrix& b) {
    return a.isApprox(b, 1e-5F);
}

const std::vector<std::string>& calibratedKinds() {
    static const std::vector<std::string> codecs{"int4:g32+awq", "nf3:row+awq+mse", "int3:g13+awq:folded+hqq",
                                                 "int4:sym:g16+awq+outliers=2%",
                                                 "int3:g64:scale=int8+awq+refine+res=int2:g32"};
    return codecs;
}

} // namespace

class TransformsTest : public QObject {
    Q_OBJECT

  private slots:
    void awq_lowers_the_output_error_where_channels_dominate() {
        const InputStatistics inputs = statisticsOf(inputsWithDominantChannels(600, 256));
        const Matrix weights = normalSample(96, 256);
        for (const std::string format : {"int3:g64", "int4:g128", "nf3:g64", "int4:sym:row"}) {
            const double plain = lossOf(format, weights, inputs);
            QVERIFY2(lossOf(format + "+awq", weights, inputs) < 0.5 * plain, format.c_str());
        }
        QVERIFY(lossOf("int3:g64+awq+mse", weights, inputs) < 0.9 * lossOf("int3:g64+awq", weights, inputs));
        QVERIFY(lossOf("int4:g128+awq+mse", weights, inputs) < lossOf("int4:g128+mse", weights, inputs));
    }

    /// Up to 128 rows all are tried, and the exponent 0 is among the trials.
    void awq_is_never_worse_than_its_format_on_the_rows_it_tries() {
        const Matrix weights = normalSample(128, 96, 8);
        for (const unsigned seed : {1U, 2U, 3U}) {
            const InputStatistics inputs = statisticsOf(correlatedInputs(300, 96, 20 + seed));
            for (const std::string format : {"int2:g16", "int4:g32", "int8:row", "nf4:g32", "lloyd3:g32"}) {
                QVERIFY2(lossOf(format + "+awq", weights, inputs) <=
                             lossOf(format, weights, inputs) * (1 + 1e-6),
                         format.c_str());
            }
        }
    }

    void awq_stores_the_scales_of_the_best_of_the_exponents() {
        const InputStatistics inputs = statisticsOf(correlatedInputs(300, 96));
        const Matrix weights = normalSample(40, 96, 8);
        Bench bench;
        const PackedTensor packed = bench.encode("int3:g32+awq", weights, &inputs);
        const Vector stored = asVector(halves(std::span(packed.bytes).first(2 * 96)));
        double least = std::numeric_limits<double>::infinity();
        Vector best;
        for (int step = 0; step <= 20; ++step) {
            const Vector scales = paperScales(inputs.meanMagnitude, step / 20.0);
            const Matrix found = bench.roundTrip("int3:g32", weights * scales.asDiagonal()) *
                                 scales.cwiseInverse().asDiagonal();
            const double loss = trace(weights - found, inputs.hessian);
            if (loss < least) {
                least = loss;
                best = scales;
            }
        }
        QVERIFY((stored - best).cwiseQuotient(best).cwiseAbs().maxCoeff() < 0x1p-11F);
        QVERIFY(best.maxCoeff() > 2);
    }

    void one_exponent_serves_all_tensors_that_share_inputs() {
        const InputStatistics inputs = statisticsOf(inputsWithDominantChannels(300, 96));
        const Matrix small = normalSample(24, 96, 8) * 0.1F;
        const Matrix large = normalSample(200, 96, 9);
        const Codec coarse = Codec::parse("int2:g32+awq:folded+mse");
        const Codec fine = Codec::parse("int4:g16");
        Bench bench(2);
        const EncodeContext context{bench.workers, bench.monitor, 42, &inputs};
        const auto loss = [&](const Vector& scales) {
            const auto error = [&](const Matrix& weights, const std::string& format) {
                const Matrix found = bench.roundTrip(format, weights * scales.asDiagonal()) *
                                     scales.cwiseInverse().asDiagonal();
                return trace(weights - found, inputs.hessian);
            };
            return error(small, "int2:g32") + error(large, "int4:g16");
        };
        const std::vector<AwqConsumer> both{{small, coarse}, {large, fine}};
        const double found = loss(awqScales(both, inputs, context));
        double least = std::numeric_limits<double>::infinity();
        for (int step = 0; step <= 20; ++step) {
            least = std::min(least, loss(paperScales(inputs.meanMagnitude, step / 20.0)));
        }
        // Some of the 200 rows stand for all.
        QVERIFY(found < 1.05 * least && found < 0.7 * loss(Vector::Ones(96)));
        const std::vector<AwqConsumer> one{{small, Codec::parse("int2:g32")}};
        const PackedTensor packed = bench.encode("int2:g32+awq", small, &inputs);
        QVERIFY(awqScales(one, inputs, context) == asVector(halves(std::span(packed.bytes).first(2 * 96))));
    }

    void folded_scales_are_not_stored() {
        const InputStatistics inputs = statisticsOf(correlatedInputs(300, 96));
        const Matrix weights = normalSample(10, 96);
        Bench bench;
        QVERIFY(bench.encode("int4:g32+awq:folded+mse", weights, &inputs).bytes ==
                bench.encode("int4:g32+mse", weights, &inputs).bytes);
        QCOMPARE(Codec::parse("int4:g32+awq:folded").packedBytes({10, 96}),
                 Codec::parse("int4:g32").packedBytes({10, 96}));
        QCOMPARE(Codec::parse("int4:g32+awq").packedBytes({10, 96}),
                 Codec::parse("int4:g32").packedBytes({10, 96}) + 2 * 96);
    }

    void awq_needs_statistics() {
        for (const std::string codec : {"int4:g32+awq", "int4:g32+awq:folded"}) {
            QVERIFY(Codec::parse(codec).calibration() == CalibrationUse::required);
            QVERIFY(errorOf([&] { Bench().encode(codec, normalSample(2, 32)); }).contains("statistics"));
        }
    }

    void columns_without_input_keep_their_scale() {
        Matrix sample = inputsWithDominantChannels(300, 96);
        sample.col(7).setZero();
        const InputStatistics inputs = statisticsOf(sample);
        Bench bench;
        const PackedTensor packed = bench.encode("int3:g32+awq", normalSample(20, 96), &inputs);
        const std::vector<float> scales = halves(std::span(packed.bytes).first(2 * 96));
        QCOMPARE(scales[7], 1.0F);
        QVERIFY(scales[3] > 1.5F && scales[8] < 1);
        const InputStatistics none = statisticsOf(Matrix::Zero(5, 96));
        QVERIFY(bench.roundTrip("int3:g32+awq", normalSample(20, 96), &none) ==
                bench.roundTrip("int3:g32", normalSample(20, 96)));
    }

    void both_sides_are_an_orthonormal_basis_that_any_rows_come_back_from_data() {
        QTest::addColumn<int>("rows");
        QTest::addColumn<int>("together");
        for (const auto& [rows, together] :
             std::vector<std::pair<int, int>>{{256, 128}, {96, 32}, {7, 1}, {130, 2}}) {
            QTest::newRow(qPrintable(QString::number(rows))) << rows << together;
        }
    }
    void both_sides_are_an_orthonormal_basis_that_any_rows_come_back_from() {
        QFETCH(int, rows);
        QFETCH(int, together);
        const Matrix weights = badlyScaled(rows, 77);
        const Shape shape{static_cast<std::size_t>(rows), 77};
        const auto transform = makeHadamardTransform(true);
        QCOMPARE(transform->rowsTogether(shape), static_cast<std::size_t>(together));
        Bench bench;
        Matrix work = weights;
        std::vector<std::byte> header(transform->headerBytes(shape));
        const auto format = makeIntegerFormat(8, false, 32, ScaleType::fp16);
        transform->forward(work, *format, {bench.workers, bench.monitor, 5}, header);
        QVERIFY(std::fabs(work.norm() / weights.norm() - 1) < 1e-5F);
        // Rows of a block have about the same size, which they had not.
        const Vector before = weights.topRows(together).rowwise().norm();
        const Vector after = work.topRows(together).rowwise().norm();
        QVERIFY(together < 32 ||
                after.maxCoeff() / after.minCoeff() < 0.5F * before.maxCoeff() / before.minCoeff());
        Matrix part = work.bottomRows(together);
        transform->inverse(header, shape, shape.rows - static_cast<std::size_t>(together), part);
        QVERIFY((part - weights.bottomRows(together)).cwiseAbs().maxCoeff() <
                1e-5F * weights.cwiseAbs().maxCoeff());
        const Codec both = Codec::parse("int8:g32+rht:both");
        const PackedTensor packed = bench.encode("int8:g32+rht:both", weights);
        const Matrix whole = both.decode(packed, bench.workers);
        for (int row = 0; row < rows; row += 5) {
            Matrix one(1, 77);
            both.decodeRows(packed, static_cast<std::size_t>(row), one);
            QVERIFY(one.row(0) == whole.row(row));
        }
    }

    void outputs_keep_their_power_in_the_basis_of_the_transform() {
        const Matrix sample = correlatedInputs(300, 96);
        InputStatistics inputs = statisticsOf(sample);
        const Matrix other = sample + 0.1F * normalSample(300, 96, 31);
        inputs.crossMoment = sample.transpose() * other / 300;
        const Matrix weights = badlyScaled(20, 96);
        const double power = trace(weights, inputs.hessian);
        const double cross = trace(weights, inputs.crossMoment);
        for (const auto& transform : {makeHadamardTransform(false), makeAwqTransform()}) {
            const Forward found(*transform, weights, inputs);
            QVERIFY(std::fabs(trace(found.weights, found.statistics.hessian) / power - 1) < 1e-5);
            QVERIFY(std::fabs(trace(found.weights, found.statistics.crossMoment) / cross - 1) < 1e-5);
        }
        const Forward found(*makeSinqTransform(), weights, inputs);
        const Vector ofRows = asVector(halves(std::span(found.header).subspan(2 * 96)));
        QVERIFY(std::fabs(trace(ofRows.asDiagonal() * found.weights, found.statistics.hessian) / power - 1) <
                1e-5);
    }

    void statistics_of_scaled_inputs_are_those_a_calibration_would_collect() {
        const Matrix sample = correlatedInputs(300, 96);
        const InputStatistics inputs = statisticsOf(sample);
        for (const bool isAwq : {true, false}) {
            const Forward found(isAwq ? *makeAwqTransform() : *makeSinqTransform(), badlyScaled(20, 96),
                                inputs);
            const Vector scales = asVector(halves(std::span(found.header).first(2 * 96)));
            const Vector factors = isAwq ? Vector(scales.cwiseInverse()) : scales;
            const InputStatistics expected = statisticsOf(sample * factors.asDiagonal());
            QCOMPARE(found.statistics.tokens, expected.tokens);
            QVERIFY(isClose(found.statistics.hessian, expected.hessian));
            QVERIFY(isClose(found.statistics.meanMagnitude, expected.meanMagnitude));
            QVERIFY(isClose(found.statistics.smallest, expected.smallest));
            QVERIFY(isClose(found.statistics.largest, expected.largest));
            QVERIFY(found.statistics.crossMoment.size() == 0);
        }
    }

    void sinq_makes_rows_and_columns_equally_wide() {
        const Matrix weights = badlyScaled(300, 200);
        const Forward found(*makeSinqTransform(), weights, statisticsOf(normalSample(4, 200)));
        const auto spread = [](const Matrix& matrix) {
            const Eigen::ArrayXXd values = matrix.cast<double>().array();
            const Eigen::ArrayXd rows =
                (values.colwise() - values.rowwise().mean()).square().rowwise().mean().sqrt();
            const Eigen::ArrayXXd centred = values.rowwise() - values.colwise().mean();
            const Eigen::ArrayXd columns = centred.square().colwise().mean().sqrt().transpose();
            return std::max(rows.maxCoeff(), columns.maxCoeff()) /
                   std::min(rows.minCoeff(), columns.minCoeff());
        };
        QVERIFY(spread(weights) > 1000);
        QVERIFY(spread(found.weights) < 1.01);
        const Vector ofColumns = asVector(halves(std::span(found.header).first(2 * 200)));
        const Vector ofRows = asVector(halves(std::span(found.header).subspan(2 * 200)));
        QVERIFY(isClose(ofRows.asDiagonal() * found.weights * ofColumns.asDiagonal(), weights));
    }

    /// Columns of other sizes share groups: only the largest of them would get levels.
    void sinq_lowers_the_error_of_badly_scaled_weights() {
        const Matrix weights = badlyScaled(128, 256);
        const InputStatistics inputs =
            statisticsOf(normalSample(600, 256, 5) * weights.colwise().norm().cwiseInverse().asDiagonal());
        for (const std::string format : {"int4:g64", "int3:g64", "int3:g128", "nf3:g64"}) {
            const double plain = lossOf(format, weights, inputs);
            QVERIFY2(lossOf(format + "+sinq", weights, inputs) < 0.3 * plain, format.c_str());
        }
    }

    void well_scaled_weights_lose_next_to_nothing_by_sinq() {
        const Matrix weights = normalSample(256, 256);
        const auto error = [&](const std::string& codec) {
            return storageError(weights, Bench(2).roundTrip(codec, weights)).relative;
        };
        QVERIFY(error("int4:g64+sinq") < 1.02 * error("int4:g64"));
    }

    void packed_bytes_are_predicted_exactly() {
        Bench bench;
        for (const std::string& codec : calibratedKinds()) {
            for (const auto& [rows, columns] : {std::pair{1, 1}, {1, 333}, {17, 1}, {5, 96}, {3, 130}}) {
                const Matrix weights = normalSample(rows, columns);
                const InputStatistics inputs = statisticsOf(correlatedInputs(50, columns));
                const PackedTensor packed = bench.encode(codec, weights, &inputs);
                QCOMPARE(packed.bytes.size(), Codec::parse(codec).packedBytes(packed.shape));
                QVERIFY2(bench.decode(codec, packed).allFinite(), codec.c_str());
            }
        }
        QCOMPARE(Codec::parse("int4:g8+sinq").packedBytes({5, 96}),
                 Codec::parse("int4:g8").packedBytes({5, 96}) + 2 * (5 + 96));
    }

    void bytes_do_not_depend_on_the_number_of_threads() {
        const Matrix weights = badlyScaled(300, 131);
        const InputStatistics inputs = statisticsOf(correlatedInputs(200, 131));
        std::vector<std::string> codecs = calibratedKinds();
        codecs.emplace_back("int3:g32+sinq+mse");
        for (const std::string& codec : codecs) {
            const PackedTensor one = Bench(1).encode(codec, weights, &inputs);
            QVERIFY2(one.bytes == Bench(4).encode(codec, weights, &inputs).bytes, codec.c_str());
        }
    }

    void rows_decode_alone_as_in_the_whole() {
        const Matrix weights = badlyScaled(23, 130);
        const InputStatistics inputs = statisticsOf(correlatedInputs(200, 130));
        std::vector<std::string> codecs = calibratedKinds();
        codecs.emplace_back("int3:g32+sinq");
        for (const std::string& codec : codecs) {
            const PackedTensor packed = Bench().encode(codec, weights, &inputs);
            Matrix part(6, 130);
            Codec::parse(codec).decodeRows(packed, 9, part);
            QVERIFY2(part == Bench().decode(codec, packed).middleRows(9, 6), codec.c_str());
        }
    }

    void zeros_stay_zero() {
        const InputStatistics inputs = statisticsOf(correlatedInputs(50, 64));
        Matrix weights = normalSample(6, 64);
        weights.col(5).setZero();
        weights.row(2).setZero();
        for (const std::string codec : {"int4:sym:g16+awq", "int4:sym:g16+sinq", "nf4:g16+sinq"}) {
            QVERIFY(Bench().roundTrip(codec, Matrix::Zero(3, 64), &inputs).isZero(0));
            const Matrix found = Bench().roundTrip(codec, weights, &inputs);
            QVERIFY(found.col(5).isZero(0) && found.row(2).isZero(0));
        }
        const Matrix constant = Matrix::Constant(4, 64, 0.75F);
        QVERIFY(isClose(Bench().roundTrip("int4:g16+sinq", constant), constant));
    }

    void scales_that_no_encoder_writes_count_as_one() {
        const InputStatistics inputs = statisticsOf(normalSample(50, 32));
        for (const std::string codec : {"int4:g16+awq", "int4:g16+sinq"}) {
            for (const float scale : {0.0F, -0.0F, HUGE_VALF, -HUGE_VALF, NAN, -1.0F}) {
                const auto bits = Eigen::numext::bit_cast<std::uint16_t>(Eigen::half(scale));
                PackedTensor packed = Bench().encode(codec, normalSample(4, 32), &inputs);
                const std::size_t header = codec == "int4:g16+awq" ? 64 : 64 + 8;
                for (std::size_t at = 0; at < header; at += 2) {
                    std::memcpy(packed.bytes.data() + at, &bits, 2);
                }
                const PackedTensor plain{
                    packed.shape,
                    {packed.bytes.begin() + static_cast<std::ptrdiff_t>(header), packed.bytes.end()}};
                QVERIFY(Bench().decode(codec, packed) == Bench().decode("int4:g16", plain));
            }
        }
    }

    void weights_too_large_to_scale_are_refused() {
        const InputStatistics inputs = statisticsOf(normalSample(50, 32));
        for (const std::string word : {"+awq", "+sinq"}) {
            const Matrix weights = normalSample(4, 32) * 1e30F;
            QVERIFY(errorOf([&] {
                        Bench().encode("int4:g16" + word, weights, &inputs);
                    }).contains(QString::fromStdString(word)));
        }
    }

    void encoding_stops_when_cancelled() {
        Workers workers(2);
        const Matrix weights = normalSample(400, 300);
        const InputStatistics inputs = statisticsOf(correlatedInputs(50, 300));
        for (const std::string codec : {"int4:g64+awq", "int4:g64+sinq"}) {
            CancelAfter monitor(3);
            QVERIFY_EXCEPTION_THROWN(Codec::parse(codec).encode(weights, {workers, monitor, 0, &inputs}),
                                     Cancelled);
        }
    }
};

QTEST_APPLESS_MAIN(TransformsTest)
#include "tst_transforms.moc"
