// SPDX-License-Identifier: GPL-3.0-or-later
#include "experiment/run_executor.h"
#include "test_support.h"

#include <QTest>

using namespace planish;
using namespace planish::test;

namespace {

/// A few windows, and statistics of a few samples.
RunSpec smallRun(const std::string& codec) {
    return {"folio-4m",
            Recipe::uniform(codec),
            "literature",
            {Convention::standard, 256, 8, 0},
            0,
            CalibrationSettings{.samples = 16}};
}

} // namespace

/// What must hold of every change to a codec, whatever else it improves.
class QualityGatesTest : public QObject {
    Q_OBJECT

  private slots:
    void int8_in_groups_of_32_is_hardly_to_be_told_from_the_original() {
        RunSpec spec = smallRun("int8:g32");
        spec.evaluation = {Convention::standard, 512, 16, 0};
        const RunRecord run = executor_.execute(spec, monitor_);
        QVERIFY2(run.kldMean > 0 && run.kldMean < 0.0003, qPrintable(QString::number(run.kldMean)));
    }

    void gptq_loses_less_of_the_outputs_of_every_tensor_than_nearest_rounding_data() {
        QTest::addColumn<QString>("codec");
        for (const char* codec :
             {"int4:g128+gptq", "int3:g128+gptq", "int3:g128+gptq:order", "nf3:g64+gptq"}) {
            QTest::newRow(codec) << codec;
        }
    }

    void gptq_loses_less_of_the_outputs_of_every_tensor_than_nearest_rounding() {
        QFETCH(QString, codec);
        const RunRecord run = executor_.execute(smallRun(codec.toStdString()), monitor_);
        int compared = 0;
        for (const TensorResult& tensor : run.tensors) {
            if (tensor.codec == run.recipe.rules[0].codec) {
                ++compared;
                QVERIFY2(tensor.proxyLoss < tensor.plainProxyLoss, tensor.name.c_str());
            }
        }
        QCOMPARE(compared, 4 * 7);
    }

    void a_diagonal_hessian_changes_no_byte_and_no_digit() {
        const RunSpec diagonal = smallRun("int4:g64+obd");
        const RunSpec nearest = smallRun("int4:g64");
        const auto packed = [&](const RunSpec& spec) {
            return executor_.quantize(spec.model, spec.recipe, spec.seed, spec.calibration, monitor_,
                                      arithmeticFor(spec.evaluation));
        };
        const QuantizedModel one = packed(diagonal);
        const QuantizedModel other = packed(nearest);
        for (std::size_t i = 0; i < one.tensors.size(); ++i) {
            QVERIFY2(one.model.tensors()[i].bytes == other.model.tensors()[i].bytes,
                     one.tensors[i].name.c_str());
        }
        QCOMPARE(executor_.execute(diagonal, monitor_).deltaPplPercent,
                 executor_.execute(nearest, monitor_).deltaPplPercent);
    }

  private:
    Workers workers_{2};
    SilentMonitor monitor_;
    RunExecutor executor_{workers_};
};

QTEST_APPLESS_MAIN(QualityGatesTest)
#include "tst_quality_gates.moc"
