// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "algebra/arithmetic.h"

#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>

/// What one core of this machine can do, measured in the benchmark's own process: counters named of_limit are
/// fractions of it.
namespace planish {

/// Bytes a second that are copied.
double copyRate();
/// Operations a second of products of [256, 512] with [512, 1536]: the larger of our kernel's and, in fp32
/// where it is installed, OpenBLAS's.
double productRate(Arithmetic arithmetic);

/// The shortest of several runs, in seconds.
template <typename Body>
double shortest(const Body& body) {
    double best = 1e9;
    for (int i = 0; i < 7; ++i) {
        const auto start = std::chrono::steady_clock::now();
        body();
        best =
            std::min(best, std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
    }
    return best;
}

/// Runs the benchmark and returns the seconds of one iteration.
template <typename Body>
double secondsOf(benchmark::State& state, const Body& body) {
    const auto start = std::chrono::steady_clock::now();
    for (auto _ : state) {
        body();
    }
    const std::chrono::duration<double> all = std::chrono::steady_clock::now() - start;
    return all.count() / static_cast<double>(state.iterations());
}

} // namespace planish
