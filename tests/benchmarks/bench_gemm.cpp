// SPDX-License-Identifier: GPL-3.0-or-later
#include "algebra/gemm.h"

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
    b.packTransposed(Matrix::Random(outputs, inputs), static_cast<Arithmetic>(state.range(3)));
    Matrix out(rows, outputs);
    for (auto _ : state) {
        multiply(a, b, out);
        benchmark::DoNotOptimize(out.data());
    }
    state.counters["FLOP/s"] = benchmark::Counter(2.0 * static_cast<double>(rows * outputs * inputs),
                                                  benchmark::Counter::kIsIterationInvariantRate);
}
void shapes(benchmark::internal::Benchmark* bench) {
    bench->ArgNames({"rows", "outputs", "inputs", "bf16"});
    for (const int bf16 : {0, 1}) {
        bench->Args({256, 512, 512, bf16})
            ->Args({256, 256, 512, bf16})
            ->Args({256, 1536, 512, bf16})
            ->Args({256, 512, 1536, bf16})
            ->Args({128, 8192, 512, bf16})
            ->Args({256, 5632, 2048, bf16})
            ->Args({256, 2048, 5632, bf16});
    }
}
BENCHMARK(product)->Apply(shapes);

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
        packed.packTransposed(b, static_cast<Arithmetic>(state.range(0)));
        benchmark::DoNotOptimize(packed.panel(0));
    }
    state.SetBytesProcessed(state.iterations() * b.size() * 4);
}
BENCHMARK(packing)->ArgName("bf16")->Arg(0)->Arg(1);

} // namespace
