// SPDX-License-Identifier: GPL-3.0-or-later
#include "evaluation/corpus.h"
#include "evaluation/evaluate.h"
#include "inference/attention.h"
#include "inference/kernels.h"

#include <benchmark/benchmark.h>

using namespace planish;

namespace {

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
    const auto arithmetic = static_cast<Arithmetic>(state.range(1));
    for (auto _ : state) {
        for (std::size_t source = 0; source < config.keyValueHeads; ++source) {
            PackedHead head;
            const auto column = static_cast<Eigen::Index>(source * config.headSize);
            head.pack(keys.middleCols(column, 64), values.middleCols(column, 64), arithmetic);
            for (Eigen::Index first = 0; first < tokens; first += queriesPerTile) {
                attend(config, queries, head, source, 0, static_cast<std::size_t>(first),
                       out.middleRows(first, queriesPerTile));
            }
        }
    }
    // Half of the scores are masked; they are counted out here.
    state.counters["FLOP/s"] = benchmark::Counter(2.0 * static_cast<double>(tokens * tokens * 512),
                                                  benchmark::Counter::kIsIterationInvariantRate);
}
BENCHMARK(attention)->ArgNames({"tokens", "bf16"})->ArgsProduct({{512, 2048}, {0, 1}});

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
        benchmark::DoNotOptimize(
            evaluateLoss(weights, plan, workers, monitor, {static_cast<Arithmetic>(state.range(1))}).nllSum);
    }
    const auto tokens = static_cast<double>(plan.tokens.size());
    state.counters["tokens/s"] = benchmark::Counter(tokens, benchmark::Counter::kIsIterationInvariantRate);
    state.counters["FLOP/s"] =
        benchmark::Counter(2.0 * tokens * static_cast<double>(weights.model().parameterCount()),
                           benchmark::Counter::kIsIterationInvariantRate);
}
BENCHMARK(evaluation)
    ->ArgNames({"threads", "bf16"})
    ->ArgsProduct({{1, 2}, {0, 1}})
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);

} // namespace
