// SPDX-License-Identifier: GPL-3.0-or-later
#include "evaluation/corpus.h"
#include "evaluation/evaluate.h"
#include "inference/attention.h"
#include "inference/kernels.h"
#include "limits.h"
#include "tokenizer/tokenizer.h"

using namespace planish;

namespace {

const std::vector<std::int64_t> arithmetics = fastestArithmetic() == Arithmetic::bfloat16
                                                  ? std::vector<std::int64_t>{0, 1}
                                                  : std::vector<std::int64_t>{0};

Arithmetic arithmeticOf(const benchmark::State& state) {
    return static_cast<Arithmetic>(state.range(1));
}

/// `flops` an iteration on `threads` cores.
void setRate(benchmark::State& state, double flops, double seconds, double threads, double limit) {
    state.counters["FLOP/s"] = flops / seconds;
    state.counters["of_limit"] = flops / seconds / (limit * threads);
}

/// Scores and weighted sums of one token at every place: the triangle only.
double attentionFlops(const ModelConfig& config, double context) {
    return 4 * static_cast<double>(config.querySize()) * context / 2;
}

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
    const double limit = productRate(arithmeticOf(state));
    const double seconds = secondsOf(state, [&] {
        for (std::size_t source = 0; source < config.keyValueHeads; ++source) {
            PackedHead head;
            const auto column = static_cast<Eigen::Index>(source * config.headSize);
            head.pack(keys.middleCols(column, 64), values.middleCols(column, 64), arithmeticOf(state));
            for (Eigen::Index first = 0; first < tokens; first += queriesPerTile) {
                attend(config, 0, queries, head, source, 0, static_cast<std::size_t>(first),
                       out.middleRows(first, queriesPerTile));
            }
        }
    });
    const auto count = static_cast<double>(tokens);
    setRate(state, count * attentionFlops(config, count), seconds, 1, limit);
}
BENCHMARK(attention)->ArgNames({"tokens", "bf16"})->ArgsProduct({{512, 2048}, arithmetics});

void logSumExpOfARow(benchmark::State& state) {
    const Vector logits = Vector::Random(8192);
    for (auto _ : state) {
        benchmark::DoNotOptimize(summarizeLogits({logits.data(), 8192}));
    }
    state.SetItemsProcessed(state.iterations() * 8192);
}
BENCHMARK(logSumExpOfARow);

/// One block of folio-23m, from reading its weights to the hidden states behind it.
void block(benchmark::State& state) {
    Workers workers(static_cast<int>(state.range(0)));
    const OriginalWeights weights(Model::open("folio-23m"));
    const ModelConfig& config = weights.model().config();
    constexpr std::size_t windows = 8;
    constexpr std::size_t context = 512;
    const ForwardPass pass(weights, context, workers, arithmeticOf(state));
    HiddenStates states = pass.embed(std::vector<TokenId>(windows * context, 100), windows);
    SilentMonitor monitor;
    const double limit = productRate(arithmeticOf(state));
    const double seconds = secondsOf(state, [&] {
        const BlockWeights read = BlockWeights::read(weights, 0, workers, arithmeticOf(state));
        pass.applyBlock(read, states, monitor, [](std::size_t) {});
    });
    const auto width = static_cast<double>(config.hiddenSize);
    const double parameters =
        width * static_cast<double>(2 * config.querySize() + 2 * config.keyValueSize() + 3 * config.mlpSize);
    setRate(state, windows * context * (2 * parameters + attentionFlops(config, context)), seconds,
            static_cast<double>(state.range(0)), limit);
}
BENCHMARK(block)->ArgNames({"threads", "bf16"})->ArgsProduct({{1, 2}, arithmetics})->UseRealTime();

/// The whole of eval: folio-23m, windows of 512, on as many threads as given. FLOP/s count 2 × parameters a
/// token and attention.
void evaluation(benchmark::State& state) {
    Workers workers(static_cast<int>(state.range(0)));
    const OriginalWeights weights(Model::open("folio-23m"));
    const ModelConfig& config = weights.model().config();
    const auto ids = Tokenizer::open(weights.model().path()).encode(Corpus::open("literature").text);
    const WindowPlan plan = planWindows(ids, {Convention::standard, 512, 16, 0}, 0);
    SilentMonitor monitor;
    const double limit = productRate(arithmeticOf(state));
    const double seconds = secondsOf(state, [&] {
        benchmark::DoNotOptimize(
            evaluateLoss(weights, plan, workers, monitor, {.arithmetic = arithmeticOf(state)}).nllSum);
    });
    const auto tokens = static_cast<double>(plan.tokens.size());
    state.counters["tokens/s"] = tokens / seconds;
    setRate(state,
            tokens * (2.0 * static_cast<double>(weights.model().parameterCount()) +
                      static_cast<double>(config.blocks) * attentionFlops(config, 512)),
            seconds, static_cast<double>(state.range(0)), limit);
}
BENCHMARK(evaluation)
    ->ArgNames({"threads", "bf16"})
    ->ArgsProduct({{1, 2}, arithmetics})
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);

void tokenizing(benchmark::State& state) {
    const Tokenizer tokenizer = Tokenizer::open(Model::open("folio-23m").path());
    const std::string text = Corpus::open("literature").text;
    for (auto _ : state) {
        benchmark::DoNotOptimize(tokenizer.encode(text).size());
    }
    state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(text.size()));
}
BENCHMARK(tokenizing)->Unit(benchmark::kMillisecond);

/// All tensors of folio-23m from its safetensors to floats; bytes are those of the floats.
void loading(benchmark::State& state) {
    const OriginalWeights weights(Model::open("folio-23m"));
    Workers workers(1);
    const double limit = copyRate();
    const double seconds = secondsOf(state, [&] {
        for (const TensorInfo& tensor : weights.model().tensors()) {
            benchmark::DoNotOptimize(weights.matrix(tensor, workers).data());
        }
    });
    state.counters["bytes/s"] = 4 * static_cast<double>(weights.model().parameterCount()) / seconds;
    state.counters["of_limit"] = 4 * static_cast<double>(weights.model().parameterCount()) / seconds / limit;
}
BENCHMARK(loading)->Unit(benchmark::kMillisecond);

} // namespace
