// SPDX-License-Identifier: GPL-3.0-or-later
#include "evaluation/corpus.h"
#include "evaluation/evaluate.h"
#include "inference/attention.h"
#include "inference/kernels.h"

#include <benchmark/benchmark.h>

using namespace planish;

namespace {

/// [rows, inputs] · [outputs, inputs]ᵀ at the shapes of the bundled models and of TinyLlama.
void product(benchmark::State& state) {
    const auto rows = state.range(0);
    const auto outputs = state.range(1);
    const auto inputs = state.range(2);
    const Matrix a = Matrix::Random(rows, inputs);
    PackedMatrix b;
    b.packTransposed(Matrix::Random(outputs, inputs));
    Matrix out(rows, outputs);
    for (auto _ : state) {
        multiply(a, b, out);
        benchmark::DoNotOptimize(out.data());
    }
    state.counters["FLOP/s"] = benchmark::Counter(2.0 * static_cast<double>(rows * outputs * inputs),
                                                  benchmark::Counter::kIsIterationInvariantRate);
}
BENCHMARK(product)
    ->ArgNames({"rows", "outputs", "inputs"})
    ->Args({256, 512, 512})
    ->Args({256, 256, 512})
    ->Args({256, 1536, 512})
    ->Args({256, 512, 1536})
    ->Args({128, 8192, 512})
    ->Args({256, 5632, 2048})
    ->Args({256, 2048, 5632});

/// The same through Eigen, the yardstick of a well-kept library on this build's instruction set.
void eigenProduct(benchmark::State& state) {
    const Matrix a = Matrix::Random(state.range(0), state.range(2));
    const Matrix b = Matrix::Random(state.range(1), state.range(2));
    Matrix out(a.rows(), b.rows());
    for (auto _ : state) {
        out.noalias() = a * b.transpose();
        benchmark::DoNotOptimize(out.data());
    }
    state.counters["FLOP/s"] = benchmark::Counter(2.0 * static_cast<double>(a.rows() * b.rows() * a.cols()),
                                                  benchmark::Counter::kIsIterationInvariantRate);
}
BENCHMARK(eigenProduct)->ArgNames({"rows", "outputs", "inputs"})->Args({256, 1536, 512});

void packing(benchmark::State& state) {
    const Matrix b = Matrix::Random(1536, 512);
    PackedMatrix packed;
    for (auto _ : state) {
        packed.packTransposed(b);
        benchmark::DoNotOptimize(packed.panel(0));
    }
    state.SetBytesProcessed(state.iterations() * b.size() * 4);
}
BENCHMARK(packing);

/// A whole window's attention with the heads of folio-23m.
void attention(benchmark::State& state) {
    ModelConfig config;
    config.heads = 8;
    config.keyValueHeads = 4;
    config.headSize = 64;
    const auto tokens = state.range(0);
    const Matrix queries = Matrix::Random(tokens, 512);
    const Matrix keys = Matrix::Random(tokens, 256);
    const Matrix values = Matrix::Random(tokens, 256);
    Matrix out(tokens, 512);
    for (auto _ : state) {
        for (Eigen::Index first = 0; first < tokens; first += queriesPerTile) {
            attend(config, queries, keys, values, 0, static_cast<std::size_t>(first),
                   out.middleRows(first, queriesPerTile));
        }
    }
    // Half of the scores are masked; they are counted out here.
    state.counters["FLOP/s"] = benchmark::Counter(2.0 * static_cast<double>(tokens * tokens * 512),
                                                  benchmark::Counter::kIsIterationInvariantRate);
}
BENCHMARK(attention)->Arg(512)->Arg(1024);

void logSumExpOfARow(benchmark::State& state) {
    const Vector logits = Vector::Random(8192);
    for (auto _ : state) {
        benchmark::DoNotOptimize(summarizeLogits({logits.data(), 8192}));
    }
    state.SetItemsProcessed(state.iterations() * 8192);
}
BENCHMARK(logSumExpOfARow);

/// The whole of eval: folio-23m, windows of 512, on as many threads as given. FLOP/s count 2 × parameters a
/// token.
void evaluation(benchmark::State& state) {
    Workers workers(static_cast<int>(state.range(0)));
    const OriginalWeights weights(Model::open("folio-23m"));
    const auto ids = Tokenizer::open(weights.model().folder()).encode(Corpus::open("literature").text);
    const WindowPlan plan = planWindows(ids, {Convention::standard, 512, 8, 0}, 0);
    SilentMonitor monitor;
    for (auto _ : state) {
        benchmark::DoNotOptimize(evaluateLoss(weights, plan, workers, monitor).nllSum);
    }
    const auto tokens = static_cast<double>(plan.tokens.size());
    state.counters["tokens/s"] = benchmark::Counter(tokens, benchmark::Counter::kIsIterationInvariantRate);
    state.counters["FLOP/s"] =
        benchmark::Counter(2.0 * tokens * static_cast<double>(weights.model().parameterCount()),
                           benchmark::Counter::kIsIterationInvariantRate);
}
BENCHMARK(evaluation)->Arg(1)->Arg(2)->UseRealTime()->Unit(benchmark::kMillisecond);

} // namespace
