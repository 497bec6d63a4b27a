// SPDX-License-Identifier: GPL-3.0-or-later
#include "codec/input_statistics.h"
#include "experiment/tensor_inspection.h"
#include "test_support.h"

#include <QTest>
#include <cmath>
#include <numeric>
#include <random>
#include <set>

using namespace planish;
using namespace planish::test;

namespace {

Matrix normalWeights(Eigen::Index rows, Eigen::Index columns) {
    std::mt19937 random(3);
    std::normal_distribution<float> normal(0, 0.02F);
    Matrix weights(rows, columns);
    for (Eigen::Index i = 0; i < weights.size(); ++i) {
        weights.data()[i] = normal(random);
    }
    return weights;
}

const TensorInfo up{"model.layers.0.mlp.up_proj", Role::up, 0, {96, 128}, "bf16", false};

} // namespace

class TensorInspectionTest : public QObject {
    Q_OBJECT

    Workers workers_{2};
    SilentMonitor monitor_;
    EncodeContext context() { return {workers_, monitor_, 0, nullptr}; }

  private slots:
    void a_histogram_counts_every_value() {
        Matrix values(1, 5);
        values << -2, 0.1F, 0.2F, 0.9F, 7;
        const Histogram histogram = histogramOf(values, 0, 1, 4);
        QCOMPARE(histogram.share, (std::vector<double>{0.6, 0, 0, 0.4}));
        QCOMPARE(histogram.center(0), 0.125);
    }

    void the_summary_is_that_of_the_distribution() {
        Matrix weights(2, 2);
        weights << -1, 1, 3, 5;
        const WeightSummary summary = summarize(weights);
        QCOMPARE(summary.mean, 2.0);
        QCOMPARE(summary.deviation, std::sqrt(5.0));
        QCOMPARE(summary.smallest, -1.0);
        QCOMPARE(summary.largest, 5.0);
        // Fourth moments (81 + 1 + 1 + 81) ÷ 4 over 25.
        QVERIFY(std::abs(summary.excessKurtosis - (41.0 / 25 - 3)) < 1e-12);
        weights(0, 0) = std::nanf("");
        QVERIFY(!errorOf([&] { summarize(weights); }).isEmpty());
    }

    void blocks_of_the_map_hold_the_whole_error() {
        const Matrix original = normalWeights(50, 70);
        Matrix stored = original;
        stored(49, 69) += 0.5F;
        const ErrorMap map = errorMap(original, stored, 16);
        QCOMPARE(map.blockRows, std::size_t{4});
        QCOMPARE(map.blockColumns, std::size_t{5});
        QCOMPARE(map.rows, std::size_t{13});
        QCOMPARE(map.columns, std::size_t{14});
        const double scale = std::sqrt(original.cast<double>().squaredNorm() / 3500);
        // The last block has 2 × 5 weights, one of which is off by a half.
        QVERIFY(std::abs(map.values.back() - 0.5 / std::sqrt(10.0) / scale) < 1e-5 / scale);
        QCOMPARE(std::accumulate(map.values.begin(), map.values.end() - 1, 0.0), 0.0);
    }

    void stored_values_are_levels_of_their_group_data() {
        QTest::addColumn<QString>("codec");
        QTest::addColumn<int>("levels");
        for (const auto& [codec, levels] : {std::pair{"int4:g32", 16},
                                            {"int3:g64:sym", 8},
                                            {"nf4:g64+mse", 16},
                                            {"lloyd3:g64", 8},
                                            {"codebook3:row", 8},
                                            {"int4:g32:scale=int6+mse", 16}}) {
            QTest::newRow(codec) << QString::fromLatin1(codec) << levels;
        }
    }
    void stored_values_are_levels_of_their_group() {
        QFETCH(QString, codec);
        QFETCH(int, levels);
        const Matrix weights = normalWeights(96, 128);
        const Codec parsed = Codec::parse(codec.toStdString());
        const PackedTensor packed = parsed.encode(weights, context());
        const Matrix stored = parsed.decode(packed, workers_);
        const std::optional<GroupLevels> typical = typicalLevels(parsed, packed);
        QVERIFY(typical.has_value());
        QCOMPARE(int(typical->values.size()), levels);
        QVERIFY(std::is_sorted(typical->values.begin(), typical->values.end()));
        for (std::size_t i = 0; i < typical->columns; ++i) {
            const float value = stored(static_cast<Eigen::Index>(typical->row),
                                       static_cast<Eigen::Index>(typical->firstColumn + i));
            const bool isLevel = std::any_of(typical->values.begin(), typical->values.end(),
                                             [&](float level) { return std::abs(level - value) < 1e-6F; });
            QVERIFY2(isLevel, qPrintable(QString::number(static_cast<double>(value))));
        }
    }

    void codecs_without_a_list_of_values_have_no_levels() {
        const Matrix weights = normalWeights(96, 128);
        for (const char* codec : {"bf16", "int4:g32+rht", "pq:d8:k64"}) {
            const Codec parsed = Codec::parse(codec);
            QVERIFY2(!typicalLevels(parsed, parsed.encode(weights, context())), codec);
        }
    }

    void an_inspection_shows_what_is_stored() {
        const Matrix weights = normalWeights(96, 128);
        const Codec codec = Codec::parse("int3:g64");
        const TensorInspection look = inspectTensor(weights, codec, context());
        const Matrix stored = codec.decode(codec.encode(weights, context()), workers_);
        QCOMPARE(look.bitsPerWeight, 3.5);
        QCOMPARE(look.cost.relative, storageError(weights, stored).relative);
        QCOMPARE(look.original.lower, look.stored.lower);
        for (const Histogram* histogram : {&look.original, &look.stored, &look.error}) {
            const double sum = std::accumulate(histogram->share.begin(), histogram->share.end(), 0.0);
            QVERIFY(std::abs(sum - 1) < 1e-9);
        }
        double squares = 0;
        for (const double value : look.errors.values) {
            squares += value * value;
        }
        // All blocks are of one size here.
        QVERIFY(std::abs(squares / static_cast<double>(look.errors.values.size()) - look.cost.relative) <
                1e-6 * look.cost.relative + 1e-9);
        QCOMPARE(inspectTensor(weights, Codec::parse("fp32"), context()).cost.relative, 0.0);
    }

    void every_codec_is_tried_from_fine_to_coarse() {
        const std::vector<Codec> codecs = codecsToTry(up, false);
        QVERIFY(codecs.size() > 15);
        QCOMPARE(codecs.front().name(), std::string("fp32"));
        std::set<std::string> names;
        for (std::size_t i = 0; i < codecs.size(); ++i) {
            names.insert(codecs[i].name());
            QVERIFY(codecs[i].calibration() != CalibrationUse::required);
            QVERIFY(i == 0 || codecs[i].packedBytes(up.shape) <= codecs[i - 1].packedBytes(up.shape));
        }
        QCOMPARE(names.size(), codecs.size());
        const std::vector<Codec> calibrated = codecsToTry(up, true);
        QVERIFY(calibrated.size() > codecs.size());
        const TensorInfo norm{"model.norm", Role::norm, -1, {1, 128}, "bf16", true};
        for (const Codec& codec : codecsToTry(norm, true)) {
            QVERIFY(codec.isFloat());
        }
    }

    void a_cost_is_that_of_the_codec() {
        const Matrix weights = normalWeights(96, 128);
        const Codec codec = Codec::parse("int4:g64+mse");
        const CodecTrial cost = costOf(codec, rowsToTry(weights), {96, 128}, context());
        QCOMPARE(cost.bitsPerWeight, 4.5);
        QCOMPARE(cost.relativeError,
                 storageError(weights, codec.decode(codec.encode(weights, context()), workers_)).relative);
        QVERIFY(std::isnan(cost.proxyLoss));
        InputStatistics inputs;
        inputs.tokens = 128;
        inputs.hessian = Matrix::Identity(128, 128);
        inputs.meanMagnitude = Vector::Ones(128);
        EncodeContext calibrated = context();
        calibrated.inputs = &inputs;
        // With H = 1 the loss of the outputs is the relative error of the weights.
        const CodecTrial measured = costOf(Codec::parse("int4:g64"), weights, {96, 128}, calibrated);
        QVERIFY(std::abs(measured.proxyLoss - measured.relativeError) < 1e-5 * measured.relativeError);
    }

    void large_tensors_are_tried_on_some_of_their_rows() {
        const Matrix weights = normalWeights(2000, 1024);
        const Matrix rows = rowsToTry(weights);
        QCOMPARE(rows.rows(), Eigen::Index{1024});
        QCOMPARE(rows(1, 5), weights(1, 5));
        QCOMPARE(rows(1023, 7), weights(1998, 7));
    }
};

QTEST_GUILESS_MAIN(TensorInspectionTest)
#include "tst_tensor_inspection.moc"
