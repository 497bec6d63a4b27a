// SPDX-License-Identifier: GPL-3.0-or-later
#include "experiment/run_executor.h"

#include <QTest>

using namespace planish;

namespace {

double term(const std::vector<EstimateTerm>& terms, const std::string& name) {
    for (const EstimateTerm& term : terms) {
        if (term.name == name) {
            return term.value;
        }
    }
    return 0;
}

} // namespace

class EstimateTest : public QObject {
    Q_OBJECT

  private slots:
    void time_grows_as_the_work_does() {
        const RunEstimate few = estimate("int4:g64", 100);
        const RunEstimate many = estimate("int4:g64", 400);
        const auto ratio = [&](const char* name) { return term(many.time, name) / term(few.time, name); };
        // Weights are decoded once, however much text there is.
        QVERIFY(ratio("baseline") > 3.5 && ratio("baseline") < 4);
        QVERIFY(ratio("evaluate") > 3.5 && ratio("evaluate") < 4);
        QCOMPARE(ratio("quantize"), 1.0);
    }

    void memory_counts_the_packed_bytes() {
        const double four = term(estimate("int4:g64", 8).memory, "packed weights");
        const double eight = term(estimate("int8:g64", 8).memory, "packed weights");
        const Model model = Model::open("folio-4m");
        double linears = 0;
        for (const TensorInfo& tensor : model.tensors()) {
            linears += isDecoderLinear(tensor.role) ? static_cast<double>(tensor.count()) : 0;
        }
        QCOMPARE(eight - four, linears / 2);
    }

    void calibration_is_counted_when_a_codec_needs_it() {
        QCOMPARE(term(estimate("int4:g64", 8).time, "calibrate"), 0.0);
        QVERIFY(term(estimate("int4:g64+gptq", 8).time, "calibrate") > 0);
    }

    void an_evaluation_is_a_part_of_a_run() {
        const RunEstimate alone =
            executor_.estimateBaseline("folio-4m", "literature", {Convention::standard, 128, 8, 0});
        QCOMPARE(alone.time.size(), std::size_t{1});
        QVERIFY(alone.bytes() < estimate("int4:g64", 8).bytes());
        QVERIFY(alone.seconds() < estimate("int4:g64", 8).seconds());
    }

    void impossible_settings_are_refused_as_the_run_would() {
        QVERIFY_EXCEPTION_THROWN(estimate("int4:g64", 1'000'000), InputError);
    }

  private:
    RunEstimate estimate(const std::string& codec, std::size_t windows) {
        return executor_.estimate(
            {"folio-4m", Recipe::uniform(codec), "literature", {Convention::standard, 128, windows, 0}, 0});
    }

    Workers workers_{2};
    RunExecutor executor_{workers_};
};

QTEST_APPLESS_MAIN(EstimateTest)
#include "tst_estimate.moc"
