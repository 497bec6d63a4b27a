// SPDX-License-Identifier: GPL-3.0-or-later
#include "algebra/gemm.h"
#include "algebra/inverse_factor.h"
#include "codec/codec.h"
#include "codec/input_statistics.h"
#include "limits.h"

#include <benchmark/benchmark.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

namespace {

using namespace planish;

constexpr Eigen::Index rows = 2048;
constexpr Eigen::Index columns = 2048;
constexpr auto weightCount = static_cast<double>(rows * columns);

Matrix sample() {
    std::mt19937 generator(1);
    std::normal_distribution<float> normal;
    Matrix weights(rows, columns);
    for (Eigen::Index i = 0; i < weights.size(); ++i) {
        weights.data()[i] = normal(generator);
    }
    return weights;
}

/// Uncorrelated inputs of rising size.
InputStatistics rising() {
    InputStatistics inputs;
    inputs.tokens = 1;
    inputs.hessian = Matrix::Identity(columns, columns);
    inputs.meanMagnitude = Vector::LinSpaced(columns, 0.1F, 10.0F);
    inputs.largest = inputs.meanMagnitude;
    inputs.smallest = -inputs.largest;
    return inputs;
}

/// One thread; of_limit is the rate at which fp32 weights are read over that of copying.
void encode(benchmark::State& state, const std::string& name) {
    const Codec codec = Codec::parse(name);
    const Matrix weights = sample();
    const InputStatistics inputs = rising();
    Workers workers(1);
    SilentMonitor monitor;
    const bool needed = codec.calibration() == CalibrationUse::required;
    const EncodeContext context{workers, monitor, 1, needed ? &inputs : nullptr};
    const double seconds =
        secondsOf(state, [&] { benchmark::DoNotOptimize(codec.encode(weights, context).bytes.data()); });
    state.counters["weights/s"] = weightCount / seconds;
    state.counters["bytes/s"] = 4 * weightCount / seconds;
    state.counters["of_limit"] = 4 * weightCount / seconds / copyRate();
}

/// One thread, in blocks of the size the forward pass takes; of_limit is the time over that of the product of
/// 512 tokens, of_long over that of 2048.
void decode(benchmark::State& state, const std::string& name) {
    constexpr Eigen::Index blockRows = 128;
    const Codec codec = Codec::parse(name);
    const InputStatistics inputs = rising();
    Workers workers(1);
    SilentMonitor monitor;
    const bool needed = codec.calibration() == CalibrationUse::required;
    const PackedTensor packed = codec.encode(sample(), {workers, monitor, 1, needed ? &inputs : nullptr});
    Matrix out(rows, columns);
    const double seconds = secondsOf(state, [&] {
        for (Eigen::Index row = 0; row < rows; row += blockRows) {
            codec.decodeRows(packed, static_cast<std::size_t>(row), out.middleRows(row, blockRows));
        }
        benchmark::DoNotOptimize(out.data());
    });
    const double ofProduct = seconds * productRate(fastestArithmetic()) / (2 * 512 * weightCount);
    state.counters["weights/s"] = weightCount / seconds;
    state.counters["of_limit"] = ofProduct;
    state.counters["of_long"] = ofProduct / 4;
}

/// The whole of GPTQ: the inverse factor, and a product of the errors of each block with it. of_limit is
/// these operations a second over those of products in single precision.
void gptq(benchmark::State& state, const std::string& name) {
    const Codec codec = Codec::parse(name);
    const Matrix weights = sample();
    const InputStatistics inputs = rising();
    Workers workers(1);
    SilentMonitor monitor;
    const double seconds = secondsOf(state, [&] {
        benchmark::DoNotOptimize(codec.encode(weights, {workers, monitor, 1, &inputs}).bytes.data());
    });
    const double operations = weightCount * columns * (2.0 / 3 * columns / rows + 1);
    state.counters["weights/s"] = weightCount / seconds;
    state.counters["FLOP/s"] = operations / seconds;
    state.counters["of_limit"] = operations / seconds / productRate(Arithmetic::float32);
}

/// Operations a second on one thread; of_limit is them over those of products in single precision.
void inverseFactorOf(benchmark::State& state) {
    const auto size = static_cast<std::size_t>(state.range(0));
    const auto near = [](std::size_t row, std::size_t first, std::span<double> numbers) {
        for (std::size_t i = 0; i < numbers.size(); ++i) {
            numbers[i] = first + i == row ? 1.1 : 1.0 / static_cast<double>(1 + row - first - i);
        }
    };
    Workers workers(1);
    const double seconds = secondsOf(state, [&] {
        benchmark::DoNotOptimize(inverseFactor(size, near, workers, SilentMonitor())->data());
    });
    const auto n = static_cast<double>(size);
    state.counters["FLOP/s"] = 2.0 / 3 * n * n * n / seconds;
    state.counters["of_limit"] = 2.0 / 3 * n * n * n / seconds / productRate(Arithmetic::float32);
}
BENCHMARK(inverseFactorOf)
    ->ArgName("inputs")
    ->Arg(512)
    ->Arg(2048)
    ->Arg(5632)
    ->Arg(11008)
    ->Unit(benchmark::kMillisecond);

const std::vector<std::string> formats = {"fp32",
                                          "bf16",
                                          "fp16",
                                          "int2:g16",
                                          "int3:g64",
                                          "int4:g16",
                                          "int4:g64",
                                          "int4:row",
                                          "int4:sym:g64",
                                          "int5:g64",
                                          "int6:g64",
                                          "int7:g64",
                                          "int8:g128",
                                          "int4:g32:scale=int8",
                                          "int4:g32:scale=int6",
                                          "nf2:g64",
                                          "nf3:g64",
                                          "nf4:g16",
                                          "nf4:g64",
                                          "lloyd3:row",
                                          "lloyd4:g64",
                                          "codebook2:row",
                                          "codebook3:row",
                                          "codebook4:row",
                                          "codebook4:g256",
                                          "Q4_0",
                                          "Q4_1",
                                          "Q5_0",
                                          "Q5_1",
                                          "Q8_0",
                                          "Q2_K",
                                          "Q3_K",
                                          "Q4_K",
                                          "Q5_K",
                                          "Q6_K",
                                          "IQ4_NL",
                                          "IQ4_XS"};
const std::vector<std::string> products = {"pq:d8:k256:m1", "pq:d4:k256:m1", "pq:d2:k64:m1", "pq:d8:k256:m2"};
const std::vector<std::string> trellises = {"trellis3:L10", "trellis2:L12",   "trellis3:L12", "trellis4:L12",
                                            "trellis5:L12", "trellis3.5:L12", "trellis3:L14", "trellis3:L16"};
const std::vector<std::string> entropies = {"ec2", "ec3.2", "ec4", "ec3.2+rht:both"};
const std::vector<std::string> roundings = {
    "int4:g16+refine", "int4:g16+mse", "int4:g64+refine", "int4:g64+mse", "int4:g64+hqq", "int4:sym:g64+mse",
    "nf4:g64+refine",  "nf4:g64+mse",  "Q4_K+refine",     "Q4_K+mse",     "Q6_K+mse"};
const std::vector<std::string> stages = {
    "int3:g128+rht",         "int3:g128+rht:both",   "int4:g64+sinq",
    "int4:g64+outliers=1%",  "int4:g64+sparse=2%",   "int4:g64+sparse=50%",
    "int4:g64+res=int4:g64", "int3:g128+lowrank=16", "int3:g128+lowrank=64"};
const std::vector<std::string> calibrated = {"int4:g64+awq"};
const std::vector<std::string> gptqs = {"int4:g128+gptq:minmax", "int4:g128+gptq"};

const bool registered = [] {
    const auto add = [](const char* kind, const std::vector<std::string>& names, auto body) {
        for (const std::string& name : names) {
            benchmark::RegisterBenchmark((std::string(kind) + "/" + name).c_str(), body, name)
                ->Unit(benchmark::kMillisecond);
        }
    };
    for (const auto* names :
         {&formats, &roundings, &stages, &products, &trellises, &entropies, &calibrated}) {
        add("encode", *names, encode);
    }
    add("encode", gptqs, gptq);
    for (const auto* names : {&formats, &stages, &products, &trellises, &entropies, &calibrated}) {
        add("decode", *names, decode);
    }
    return true;
}();

} // namespace
