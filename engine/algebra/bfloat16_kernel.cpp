// SPDX-License-Identifier: GPL-3.0-or-later
#include "algebra/bfloat16_kernel.h"

#include "algebra/row_groups.h"

#if defined(__x86_64__)

#include <immintrin.h>

#include <array>
#include <utility>

// The instructions' own headers begin with deliberately undefined registers, which GCC 12 reports.
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"

#define PLANISH_BF16 __attribute__((target("avx512f,avx512bw,avx512vl,avx512bf16")))

namespace planish::bfloat16 {
namespace {

constexpr std::size_t lanes = 16;
/// Rows computed together: with two vectors each, as many sums as leave registers for the factors.
constexpr std::size_t mostRows = 12;

PLANISH_BF16 inline __mmask16 firstLanes(std::size_t count) {
    return static_cast<__mmask16>(count >= lanes ? 0xffffU : (1U << count) - 1U);
}

/// Rows × two vectors of sums, kept in registers over all inputs of the job.
template <std::size_t Rows>
PLANISH_BF16 void multiplyRows(const Job& job) {
    const __mmask16 leftMask = firstLanes(job.columns);
    const __mmask16 rightMask = firstLanes(job.columns > lanes ? job.columns - lanes : 0);
    __m512 left[Rows];
    __m512 right[Rows];
#pragma GCC unroll 16
    for (std::size_t row = 0; row < Rows; ++row) {
        const float* out = job.out + row * job.outStride;
        left[row] = job.accumulate ? _mm512_maskz_loadu_ps(leftMask, out) : _mm512_setzero_ps();
        right[row] = job.accumulate ? _mm512_maskz_loadu_ps(rightMask, out + lanes) : _mm512_setzero_ps();
    }
    const std::uint32_t* panel = job.panel;
    for (std::size_t pair = 0; pair < job.pairs; ++pair, panel += panelWidth) {
        const auto b0 = (__m512bh)_mm512_load_si512(panel);
        const auto b1 = (__m512bh)_mm512_load_si512(panel + lanes);
#pragma GCC unroll 16
        for (std::size_t row = 0; row < Rows; ++row) {
            const auto factor =
                (__m512bh)_mm512_set1_epi32(static_cast<int>(job.a[row * job.aStride + pair]));
            left[row] = _mm512_dpbf16_ps(left[row], factor, b0);
            right[row] = _mm512_dpbf16_ps(right[row], factor, b1);
        }
    }
#pragma GCC unroll 16
    for (std::size_t row = 0; row < Rows; ++row) {
        float* out = job.out + row * job.outStride;
        _mm512_mask_storeu_ps(out, leftMask, left[row]);
        _mm512_mask_storeu_ps(out + lanes, rightMask, right[row]);
    }
}

template <std::size_t... Rows>
constexpr std::array<void (*)(const Job&), mostRows> kernels(std::index_sequence<Rows...>) {
    return {multiplyRows<Rows + 1>...};
}

} // namespace

bool available() {
    static const bool has = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                            __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512bf16");
    return has;
}

PLANISH_BF16 void convertRow(const float* row, std::size_t inputs, std::uint32_t* words) {
    for (std::size_t i = 0; i < inputs; i += lanes) {
        const std::size_t count = inputs - i;
        const __m512 values = _mm512_maskz_loadu_ps(firstLanes(count), row + i);
        const auto rounded = (__m256i)_mm512_cvtneps_pbh(values);
        const std::size_t whole = pairs(count);
        const auto mask = static_cast<__mmask8>(whole >= lanes / 2 ? 0xffU : (1U << whole) - 1U);
        _mm256_mask_storeu_epi32(words + i / 2, mask, rounded);
    }
}

PLANISH_BF16 void convertPair(const float* first, const float* second, std::size_t count,
                              std::uint32_t* words) {
    for (std::size_t i = 0; i < count; i += lanes) {
        const __mmask16 mask = firstLanes(count - i);
        const __m512 high = second != nullptr ? _mm512_maskz_loadu_ps(mask, second + i) : _mm512_setzero_ps();
        const auto lowHalves = (__m256i)_mm512_cvtneps_pbh(_mm512_maskz_loadu_ps(mask, first + i));
        const auto highHalves = (__m256i)_mm512_cvtneps_pbh(high);
        const __m512i both = _mm512_or_si512(_mm512_cvtepu16_epi32(lowHalves),
                                             _mm512_slli_epi32(_mm512_cvtepu16_epi32(highHalves), 16));
        _mm512_mask_storeu_epi32(words + i, mask, both);
    }
}

void multiplyPanel(const Job& job, std::size_t rows) {
    static constexpr auto table = kernels(std::make_index_sequence<mostRows>());
    Job part = job;
    forRowGroups(rows, mostRows, [&](std::size_t count) {
        table[count - 1](part);
        part.a += count * job.aStride;
        part.out += count * job.outStride;
    });
}

} // namespace planish::bfloat16

#else

#include <cassert>

namespace planish::bfloat16 {

bool available() {
    return false;
}
void convertRow(const float*, std::size_t, std::uint32_t*) {
    assert(false);
}
void convertPair(const float*, const float*, std::size_t, std::uint32_t*) {
    assert(false);
}
void multiplyPanel(const Job&, std::size_t) {
    assert(false);
}

} // namespace planish::bfloat16

#endif
