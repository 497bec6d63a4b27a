// SPDX-License-Identifier: GPL-3.0-or-later
#include "codec/codec.h"
#include "codec/input_statistics.h"

#include <benchmark/benchmark.h>

#include <random>

namespace {

using namespace planish;

constexpr Eigen::Index rows = 256;
constexpr Eigen::Index columns = 2048;

Matrix sample() {
    std::mt19937 generator(1);
    std::normal_distribution<float> normal;
    Matrix weights(rows, columns);
    for (Eigen::Index i = 0; i < weights.size(); ++i) {
        weights.data()[i] = normal(generator);
    }
    return weights;
}

/// Inputs of rising size, for codecs that cannot do without.
InputStatistics rising() {
    InputStatistics inputs;
    inputs.tokens = 1;
    inputs.hessian = Matrix::Identity(columns, columns);
    inputs.meanMagnitude = Vector::LinSpaced(columns, 0.1F, 10.0F);
    inputs.largest = inputs.meanMagnitude;
    inputs.smallest = -inputs.largest;
    return inputs;
}

/// Weights a second on one thread.
void encode(benchmark::State& state, const char* name) {
    const Codec codec = Codec::parse(name);
    const Matrix weights = sample();
    const InputStatistics inputs = rising();
    const bool needed = codec.calibration() == CalibrationUse::required;
    Workers workers(1);
    SilentMonitor monitor;
    const EncodeContext context{workers, monitor, 1, needed ? &inputs : nullptr};
    for (auto _ : state) {
        benchmark::DoNotOptimize(codec.encode(weights, context).bytes.data());
    }
    state.SetItemsProcessed(state.iterations() * rows * columns);
}

/// The same with statistics of inputs that are not correlated.
void encodeCalibrated(benchmark::State& state, const char* name) {
    const Codec codec = Codec::parse(name);
    const Matrix weights = sample();
    InputStatistics inputs;
    inputs.hessian = Matrix::Identity(columns, columns);
    Workers workers(1);
    SilentMonitor monitor;
    for (auto _ : state) {
        benchmark::DoNotOptimize(codec.encode(weights, {workers, monitor, 1, &inputs}).bytes.data());
    }
    state.SetItemsProcessed(state.iterations() * rows * columns);
}

void decode(benchmark::State& state, const char* name) {
    const Codec codec = Codec::parse(name);
    Workers workers(1);
    SilentMonitor monitor;
    const PackedTensor packed = codec.encode(sample(), {workers, monitor, 1});
    Matrix block(rows, columns);
    for (auto _ : state) {
        codec.decodeRows(packed, 0, block);
        benchmark::DoNotOptimize(block.data());
    }
    state.SetItemsProcessed(state.iterations() * rows * columns);
}

BENCHMARK_CAPTURE(encode, int4_g16, "int4:g16");
BENCHMARK_CAPTURE(encode, int4_g16_refine, "int4:g16+refine");
BENCHMARK_CAPTURE(encode, int4_g64_refine, "int4:g64+refine");
BENCHMARK_CAPTURE(encode, int4_g64_mse, "int4:g64+mse");
BENCHMARK_CAPTURE(encode, int4_g64_hqq, "int4:g64+hqq");
BENCHMARK_CAPTURE(encode, nf4_g64, "nf4:g64");
BENCHMARK_CAPTURE(encode, q4_k_mse, "Q4_K+mse");
BENCHMARK_CAPTURE(encode, codebook3_row, "codebook3:row");
BENCHMARK_CAPTURE(encode, codebook4_row, "codebook4:row");
BENCHMARK_CAPTURE(encode, pq_d8_k256, "pq:d8:k256:m1");
BENCHMARK_CAPTURE(encode, int3_g128_rht_mse, "int3:g128+rht+mse");
BENCHMARK_CAPTURE(encode, int4_g64_awq, "int4:g64+awq");
BENCHMARK_CAPTURE(encode, int4_g64_sinq, "int4:g64+sinq");
BENCHMARK_CAPTURE(encode, int4_g64_outliers, "int4:g64+outliers=1%");
BENCHMARK_CAPTURE(encode, int4_g64_sparse, "int4:g64+sparse=50%");
BENCHMARK_CAPTURE(encode, int3_g128_lowrank_16, "int3:g128+lowrank=16");
BENCHMARK_CAPTURE(encodeCalibrated, int4_g128_gptq, "int4:g128+gptq");
BENCHMARK_CAPTURE(encodeCalibrated, int4_g128_gptq_minmax, "int4:g128+gptq:minmax");
BENCHMARK_CAPTURE(encodeCalibrated, int4_g64_tune, "int4:g64+tune");
BENCHMARK_CAPTURE(encodeCalibrated, int3_g128_lowrank_16, "int3:g128+lowrank=16");
BENCHMARK_CAPTURE(decode, bf16, "bf16");
BENCHMARK_CAPTURE(decode, int4_g16, "int4:g16");
BENCHMARK_CAPTURE(decode, int4_g64, "int4:g64");
BENCHMARK_CAPTURE(decode, int3_g64, "int3:g64");
BENCHMARK_CAPTURE(decode, nf4_g64, "nf4:g64");
BENCHMARK_CAPTURE(decode, int4_g32_int6, "int4:g32:scale=int6");
BENCHMARK_CAPTURE(decode, q4_k, "Q4_K");
BENCHMARK_CAPTURE(decode, q6_k, "Q6_K");
BENCHMARK_CAPTURE(decode, q5_0, "Q5_0");
BENCHMARK_CAPTURE(decode, iq4_xs, "IQ4_XS");
BENCHMARK_CAPTURE(decode, codebook3_row, "codebook3:row");
BENCHMARK_CAPTURE(decode, pq_d8_k256, "pq:d8:k256:m1");
BENCHMARK_CAPTURE(decode, int3_g128_rht, "int3:g128+rht");
BENCHMARK_CAPTURE(decode, int4_g64_sinq, "int4:g64+sinq");
BENCHMARK_CAPTURE(decode, int4_g64_sparse, "int4:g64+sparse=50%");
BENCHMARK_CAPTURE(decode, int3_g128_lowrank_16, "int3:g128+lowrank=16");

} // namespace
