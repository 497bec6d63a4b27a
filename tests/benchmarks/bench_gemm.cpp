// SPDX-License-Identifier: GPL-3.0-or-later
#include "algebra/gemm.h"
#include "limits.h"
#include "openblas.h"

using namespace planish;

namespace {

/// [rows, inputs] · [outputs, inputs]ᵀ at the shapes of the bundled models and of TinyLlama.
void shapes(benchmark::internal::Benchmark* bench) {
    bench->ArgNames({"rows", "outputs", "inputs"});
    for (const auto& [rows, outputs, inputs] : {std::array{256, 512, 512},
                                                {256, 256, 512},
                                                {256, 1536, 512},
                                                {256, 512, 1536},
                                                {128, 8192, 512},
                                                {256, 5632, 2048},
                                                {256, 2048, 5632}}) {
        bench->Args({rows, outputs, inputs});
    }
}

struct Factors {
    explicit Factors(const benchmark::State& state)
        : a(Matrix::Random(state.range(0), state.range(2))),
          b(Matrix::Random(state.range(1), state.range(2))),
          out(a.rows(), b.rows()) {}
    Matrix a;
    Matrix b;
    Matrix out;
};

template <typename Body>
void report(benchmark::State& state, const Factors& factors, Arithmetic arithmetic, const Body& body) {
    const double limit = productRate(arithmetic);
    const double seconds = secondsOf(state, [&] {
        body();
        benchmark::DoNotOptimize(factors.out.data());
    });
    const double rate = 2.0 * static_cast<double>(factors.a.size() * factors.b.rows()) / seconds;
    state.counters["FLOP/s"] = rate;
    state.counters["of_limit"] = rate / limit;
}

void product(benchmark::State& state, Arithmetic arithmetic) {
    Factors factors(state);
    PackedMatrix packed;
    packed.packTransposed(factors.b, arithmetic);
    report(state, factors, arithmetic, [&] { multiply(factors.a, packed, factors.out); });
}

/// The yardstick of a well-kept library, on this build's instruction set.
void eigenProduct(benchmark::State& state) {
    Factors factors(state);
    report(state, factors, Arithmetic::float32,
           [&] { factors.out.noalias() = factors.a * factors.b.transpose(); });
}

/// And of one that chooses its instructions at run time, as ours.
void openBlas(benchmark::State& state) {
    Factors factors(state);
    report(state, factors, Arithmetic::float32, [&] { openBlasProduct(factors.a, factors.b, factors.out); });
}

void packing(benchmark::State& state, Arithmetic arithmetic) {
    const Matrix b = Matrix::Random(1536, 512);
    PackedMatrix packed;
    const double limit = copyRate();
    const double seconds = secondsOf(state, [&] {
        packed.packTransposed(b, arithmetic);
        benchmark::DoNotOptimize(packed.panel(0));
    });
    state.counters["bytes/s"] = 4 * static_cast<double>(b.size()) / seconds;
    state.counters["of_limit"] = 4 * static_cast<double>(b.size()) / seconds / limit;
}

[[maybe_unused]] const bool registered = [] {
    using benchmark::RegisterBenchmark;
    RegisterBenchmark("product/fp32", product, Arithmetic::float32)->Apply(shapes);
    RegisterBenchmark("packing/fp32", packing, Arithmetic::float32);
    if (fastestArithmetic() == Arithmetic::bfloat16) {
        RegisterBenchmark("product/bf16", product, Arithmetic::bfloat16)->Apply(shapes);
        RegisterBenchmark("packing/bf16", packing, Arithmetic::bfloat16);
    }
    RegisterBenchmark("eigenProduct", eigenProduct)->Apply(shapes);
    if (hasOpenBlas) {
        RegisterBenchmark("openBlas", openBlas)->Apply(shapes);
    }
    return true;
}();

} // namespace
