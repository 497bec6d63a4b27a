// SPDX-License-Identifier: GPL-3.0-or-later
#include "calibration/calibrator.h"
#include "calibration/statistics_collector.h"
#include "evaluation/corpus.h"
#include "tokenizer/tokenizer.h"

#include <benchmark/benchmark.h>

using namespace planish;

namespace {

benchmark::Counter perSecond(double operations) {
    return {operations, benchmark::Counter::kIsIterationInvariantRate};
}

/// A chunk of inputs on one thread; of the products only those on and above the diagonal are needed.
void collecting(benchmark::State& state) {
    const Eigen::Index columns = state.range(0);
    const Matrix inputs = Matrix::Random(4096, columns);
    Workers workers(1);
    const SilentMonitor monitor;
    StatisticsCollector collector(static_cast<std::size_t>(columns), false, workers);
    for (auto _ : state) {
        collector.add(inputs, Matrix(), {}, monitor);
    }
    state.counters["FLOP/s"] =
        perSecond(static_cast<double>(inputs.rows()) * static_cast<double>(columns * (columns + 1)));
}
BENCHMARK(collecting)->ArgName("inputs")->Arg(512)->Arg(1536)->Arg(2048)->Unit(benchmark::kMillisecond);

/// Statistics of all places of folio-4m from 16 samples of 512 tokens; items are tokens.
void calibration(benchmark::State& state) {
    const OriginalWeights weights(Model::open("folio-4m"));
    const Model& model = weights.model();
    const Corpus text = Corpus::open("calibration");
    const CalibrationPlan plan =
        planCalibration({"calibration", 16, 512, CalibrationInputs::original}, model, text.name, text.sha256,
                        Tokenizer::open(model.path()).encode(text.text.substr(0, 65536)));
    Workers workers(static_cast<int>(state.range(0)));
    SilentMonitor monitor;
    for (auto _ : state) {
        Calibrator calibrator(plan, weights, weights, nullptr, workers);
        for (std::size_t block = 0; block < model.config().blocks; ++block) {
            for (const Site site : {Site::queryKeyValue, Site::output, Site::gateUp, Site::down}) {
                benchmark::DoNotOptimize(calibrator.at({block, site}, false, "", "", monitor).hessian.data());
            }
        }
    }
    state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(plan.samples.tokens.size()));
}
BENCHMARK(calibration)->ArgName("threads")->Arg(1)->Arg(2)->UseRealTime()->Unit(benchmark::kMillisecond);

/// The backward pass over 16 samples of 512 tokens of folio-4m, with and without moments of the outputs.
void lossGradients(benchmark::State& state) {
    const OriginalWeights weights(Model::open("folio-4m"));
    const Model& model = weights.model();
    const Corpus text = Corpus::open("calibration");
    const CalibrationPlan plan =
        planCalibration({"calibration", 16, 512}, model, text.name, text.sha256,
                        Tokenizer::open(model.path()).encode(text.text.substr(0, 65536)));
    Workers workers(static_cast<int>(state.range(1)));
    SilentMonitor monitor;
    for (auto _ : state) {
        const LossGradients gradients(weights, plan.samples, state.range(0) != 0, workers,
                                      Arithmetic::float32, monitor);
        benchmark::DoNotOptimize(gradients.outputs().size());
    }
    state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(plan.samples.tokens.size()));
}
BENCHMARK(lossGradients)
    ->ArgNames({"outputs", "threads"})
    ->Args({0, 1})
    ->Args({1, 1})
    ->Args({1, 2})
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);

} // namespace
