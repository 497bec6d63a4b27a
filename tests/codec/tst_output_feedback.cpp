// SPDX-License-Identifier: GPL-3.0-or-later
#include "codec/output_feedback.h"
#include "codec/transform.h"
#include "codec/trellis_format.h"
#include "codec_samples.h"
#include "test_support.h"

#include <Eigen/LU>

#include <QTest>

using namespace planish;
using namespace planish::test;

namespace {

Matrix momentOf(Eigen::Index outputs) {
    return statisticsOf(correlatedInputs(512, outputs, 23)).hessian;
}

/// tr(E H Eᵀ O).
double lossOf(const Matrix& errors, const Matrix& inputs, const Matrix& outputs) {
    const Eigen::MatrixXd e = errors.cast<double>();
    return (e * inputs.cast<double>() * e.transpose() * outputs.cast<double>()).trace();
}

} // namespace

class OutputFeedbackTest : public QObject {
    Q_OBJECT

  private slots:
    void later_rows_change_to_where_the_loss_is_least() {
        const Matrix outputs = momentOf(16);
        const Matrix weights = normalSample(16, 7);
        const Matrix stored = weights + 0.2F * normalSample(16, 7, 5);
        const std::vector<std::size_t> begins{0, 5, 9, 16};
        const std::vector<std::pair<Eigen::Index, Eigen::Index>> blocks{{0, 3}, {3, 7}};
        Bench bench(2);
        const EncodeContext context{bench.workers, bench.monitor};
        const Matrix factor = OutputFeedback::factorOf(&outputs, context);
        OutputFeedback feedback(factor, begins, weights);
        std::vector<Matrix> received(feedback.tiles());
        feedback.forEachBlock(
            blocks.size(),
            [&](std::size_t tile, std::size_t block) {
                if (block == 0) {
                    received[tile] = weights.middleRows(feedback.firstRow(tile), feedback.rows(tile));
                }
                const auto [begin, end] = blocks[block];
                feedback.receive(tile, begin, end, received[tile]);
                feedback.pass(tile, begin, end,
                              stored.middleRows(feedback.firstRow(tile), feedback.rows(tile)));
            },
            context);

        Eigen::MatrixXd damped = outputs.cast<double>();
        damped.diagonal().array() += 0.01 * outputs.cast<double>().diagonal().mean();
        Eigen::MatrixXd wanted = weights.cast<double>();
        for (std::size_t tile = 0; tile < feedback.tiles(); ++tile) {
            const auto first = static_cast<Eigen::Index>(begins[tile]);
            const auto end = static_cast<Eigen::Index>(begins[tile + 1]);
            const Eigen::MatrixXd here = wanted.middleRows(first, end - first);
            QVERIFY((received[tile].cast<double>() - here).norm() < 1e-4 * here.norm());
            const Eigen::MatrixXd errors =
                stored.middleRows(first, end - first).cast<double>() - wanted.middleRows(first, end - first);
            const Eigen::Index later = 16 - end;
            if (later > 0) {
                wanted.bottomRows(later) -= damped.bottomRightCorner(later, later)
                                                .lu()
                                                .solve(damped.block(end, first, later, end - first) * errors);
            }
        }
    }

    void without_a_moment_nothing_is_passed_on() {
        const Matrix weights = normalSample(8, 4);
        const std::vector<std::size_t> begins{0, 4, 8};
        Bench bench;
        const Matrix none = OutputFeedback::factorOf(nullptr, {bench.workers, bench.monitor});
        OutputFeedback feedback(none, begins, weights);
        Matrix tile = weights.bottomRows(4);
        feedback.pass(0, 0, 4, Matrix::Zero(4, 4));
        feedback.receive(1, 0, 4, tile);
        QVERIFY(tile == weights.bottomRows(4));
    }

    void related_outputs_err_less_data() {
        QTest::addColumn<QString>("codec");
        for (const char* codec :
             {"int3:g32+gptq", "int4:row+gptq", "int3:g32+sinq+gptq", "int3:g32+rht:both+gptq",
              "int3:g32+gptq:order", "ec2.5+rht:both+gptq", "trellis2.5:L8+rht:both+gptq",
              "trellis3:L8+rht:both+gptq", "trellis3:L8+gptq"}) {
            QTest::newRow(codec) << codec;
        }
    }
    void related_outputs_err_less() {
        QFETCH(QString, codec);
        const Matrix weights = normalSample(384, 128);
        const InputStatistics inputs = statisticsOf(correlatedInputs(1024, 128));
        const Matrix outputs = momentOf(384);
        Bench bench(2);
        const Codec parsed = Codec::parse(codec.toStdString());
        QVERIFY(parsed.demands().relatedRows);
        const auto pack = [&](const Matrix* related, Workers& workers) {
            return parsed.encode(weights, {workers, bench.monitor, 42, &inputs, related});
        };
        const auto loss = [&](const Matrix* related) {
            return lossOf(weights - parsed.decode(pack(related, bench.workers), bench.workers),
                          inputs.hessian, outputs);
        };
        const double related = loss(&outputs);
        const double alone = loss(nullptr);
        QVERIFY2(related < 0.95 * alone, qPrintable(QString("%1 against %2").arg(related).arg(alone)));
        Workers one(1);
        QVERIFY(pack(&outputs, one).bytes == pack(&outputs, bench.workers).bytes);
    }

    void moments_follow_the_weights_into_another_basis_data() {
        QTest::addColumn<int>("which");
        QTest::newRow("rht") << 0;
        QTest::newRow("rht:both") << 1;
        QTest::newRow("sinq") << 2;
    }
    void moments_follow_the_weights_into_another_basis() {
        QFETCH(int, which);
        const auto transform = which == 2 ? makeSinqTransform() : makeHadamardTransform(which == 1);
        const Matrix weights = normalSample(96, 40);
        const InputStatistics inputs = statisticsOf(correlatedInputs(256, 40));
        const Matrix outputs = momentOf(96);
        Bench bench(2);
        const EncodeContext context{bench.workers, bench.monitor, 3, &inputs, &outputs};
        std::vector<std::byte> header(transform->headerBytes({96, 40}));
        Matrix moved = weights;
        transform->forward(moved, *makeTrellisFormat(300, 8), context, header);
        const Matrix related = transform->transformedOutputs(outputs, header, context);
        const Matrix read = transform->transformed(inputs, header, context).hessian;
        const double before = lossOf(weights, inputs.hessian, outputs);
        QVERIFY(std::fabs(lossOf(moved, read, related) / before - 1) < 1e-3);
    }
};

QTEST_APPLESS_MAIN(OutputFeedbackTest)
#include "tst_output_feedback.moc"
