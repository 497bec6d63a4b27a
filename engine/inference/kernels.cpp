// SPDX-License-Identifier: GPL-3.0-or-later
#include "inference/kernels.h"

#include <algorithm>
#include <cmath>

// foreach_target.h includes this file once for each target and must come before highway.h.
// clang-format off
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "inference/kernels.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>
#include <hwy/contrib/math/math-inl.h>
#include "inference/for_vectors-inl.h"
// clang-format on

HWY_BEFORE_NAMESPACE();
namespace planish::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;
using Tag = hn::ScalableTag<float>;

/// Sums of floats stay in vector lanes for this many elements, then go on in double.
constexpr std::size_t kChunk = 1024;

HWY_INLINE double sumOf(hn::Vec<Tag> v) {
    return static_cast<double>(hn::GetLane(hn::SumOfLanes(Tag(), v)));
}

void rmsNormImpl(const float* x, const float* gain, float epsilon, std::size_t n, float* out) {
    const Tag d;
    double squares = 0;
    for (std::size_t begin = 0; begin < n; begin += kChunk) {
        const float* part = x + begin;
        auto sum = hn::Zero(d);
        double rest = 0;
        forVectors(
            std::min(kChunk, n - begin),
            [&](std::size_t i) {
                const auto v = hn::LoadU(d, part + i);
                sum = hn::MulAdd(v, v, sum);
            },
            [&](std::size_t i) { rest += static_cast<double>(part[i]) * static_cast<double>(part[i]); });
        squares += sumOf(sum) + rest;
    }
    const auto scale =
        static_cast<float>(1.0 / std::sqrt(squares / static_cast<double>(n) + static_cast<double>(epsilon)));
    const auto factor = hn::Set(d, scale);
    forVectors(
        n,
        [&](std::size_t i) {
            hn::StoreU(hn::Mul(hn::LoadU(d, gain + i), hn::Mul(hn::LoadU(d, x + i), factor)), d, out + i);
        },
        [&](std::size_t i) { out[i] = gain[i] * (x[i] * scale); });
}

void siluMultiplyImpl(float* gate, const float* up, std::size_t n) {
    const Tag d;
    const auto one = hn::Set(d, 1.0F);
    forVectors(
        n,
        [&](std::size_t i) {
            const auto g = hn::LoadU(d, gate + i);
            // Past 88 the exponential leaves the range of float (and of Exp); the quotient is 0 there all the
            // same.
            const auto exponent = hn::Min(hn::Neg(g), hn::Set(d, 88.0F));
            const auto silu = hn::Div(g, hn::Add(one, hn::Exp(d, exponent)));
            hn::StoreU(hn::Mul(silu, hn::LoadU(d, up + i)), d, gate + i);
        },
        [&](std::size_t i) { gate[i] = gate[i] / (1.0F + std::exp(-gate[i])) * up[i]; });
}

void geluMultiplyImpl(float* gate, const float* up, std::size_t n) {
    // x/2 · (1 + tanh z) is x ÷ (1 + e^-2z).
    constexpr float twiceRoot = 1.59576912160573F; // 2 √(2/π)
    constexpr float cubic = 0.044715F;
    const Tag d;
    const auto one = hn::Set(d, 1.0F);
    const auto factor = hn::Set(d, twiceRoot);
    const auto cubicVector = hn::Set(d, cubic);
    forVectors(
        n,
        [&](std::size_t i) {
            const auto g = hn::LoadU(d, gate + i);
            const auto z = hn::Mul(hn::Mul(factor, g), hn::MulAdd(cubicVector, hn::Mul(g, g), one));
            const auto exponent = hn::Min(hn::Neg(z), hn::Set(d, 88.0F)); // as of silu
            const auto gelu = hn::Div(g, hn::Add(one, hn::Exp(d, exponent)));
            hn::StoreU(hn::Mul(gelu, hn::LoadU(d, up + i)), d, gate + i);
        },
        [&](std::size_t i) {
            const float g = gate[i];
            gate[i] = g / (1.0F + std::exp(-twiceRoot * g * (1.0F + cubic * g * g))) * up[i];
        });
}

void softCapImpl(float* x, float scale, float cap, std::size_t n) {
    const Tag d;
    const auto inner = hn::Set(d, scale / cap);
    const auto outer = hn::Set(d, cap);
    forVectors(
        n,
        [&](std::size_t i) {
            hn::StoreU(hn::Mul(outer, hn::Tanh(d, hn::Mul(inner, hn::LoadU(d, x + i)))), d, x + i);
        },
        [&](std::size_t i) { x[i] = cap * std::tanh(scale / cap * x[i]); });
}

HWY_INLINE float maximum(const float* x, std::size_t n) {
    const Tag d;
    auto largest = hn::Set(d, x[0]);
    float rest = x[0];
    forVectors(
        n, [&](std::size_t i) { largest = hn::Max(largest, hn::LoadU(d, x + i)); },
        [&](std::size_t i) { rest = std::max(rest, x[i]); });
    return std::max(rest, hn::GetLane(hn::MaxOfLanes(d, largest)));
}

void softmaxImpl(float* scores, float scale, std::size_t n) {
    const Tag d;
    const float top = maximum(scores, n) * scale;
    const auto topVector = hn::Set(d, top);
    const auto scaleVector = hn::Set(d, scale);
    auto sum = hn::Zero(d);
    float rest = 0;
    forVectors(
        n,
        [&](std::size_t i) {
            const auto e = hn::Exp(d, hn::MulSub(hn::LoadU(d, scores + i), scaleVector, topVector));
            hn::StoreU(e, d, scores + i);
            sum = hn::Add(sum, e);
        },
        [&](std::size_t i) {
            scores[i] = std::exp(scores[i] * scale - top);
            rest += scores[i];
        });
    const auto inverse = static_cast<float>(1.0 / (sumOf(sum) + static_cast<double>(rest)));
    const auto inverseVector = hn::Set(d, inverse);
    forVectors(
        n,
        [&](std::size_t i) { hn::StoreU(hn::Mul(hn::LoadU(d, scores + i), inverseVector), d, scores + i); },
        [&](std::size_t i) { scores[i] *= inverse; });
}

void rotateHalvesImpl(float* x, const float* cosines, const float* sines, std::size_t half) {
    const Tag d;
    float* y = x + half;
    forVectors(
        half,
        [&](std::size_t i) {
            const auto a = hn::LoadU(d, x + i);
            const auto b = hn::LoadU(d, y + i);
            const auto c = hn::LoadU(d, cosines + i);
            const auto s = hn::LoadU(d, sines + i);
            hn::StoreU(hn::Sub(hn::Mul(a, c), hn::Mul(b, s)), d, x + i);
            hn::StoreU(hn::Add(hn::Mul(b, c), hn::Mul(a, s)), d, y + i);
        },
        [&](std::size_t i) {
            const float a = x[i];
            const float b = y[i];
            x[i] = a * cosines[i] - b * sines[i];
            y[i] = b * cosines[i] + a * sines[i];
        });
}

LogitSummary summarizeLogitsImpl(const float* logits, std::size_t n) {
    const Tag d;
    const float top = maximum(logits, n);
    const auto topVector = hn::Set(d, top);
    double total = 0;
    for (std::size_t begin = 0; begin < n; begin += kChunk) {
        const float* part = logits + begin;
        auto sum = hn::Zero(d);
        double rest = 0;
        forVectors(
            std::min(kChunk, n - begin),
            [&](std::size_t i) {
                sum = hn::Add(sum, hn::Exp(d, hn::Sub(hn::LoadU(d, part + i), topVector)));
            },
            [&](std::size_t i) {
                rest += std::exp(static_cast<double>(part[i]) - static_cast<double>(top));
            });
        total += sumOf(sum) + rest;
    }
    const auto first = static_cast<std::size_t>(std::find(logits, logits + n, top) - logits);
    return {static_cast<double>(top) + std::log(total), std::min(first, n - 1)};
}

double klDivergenceImpl(const float* p, double pLogSumExp, const float* q, std::size_t n) {
    const Tag d;
    const auto offset = hn::Set(d, static_cast<float>(pLogSumExp));
    double total = 0;
    for (std::size_t begin = 0; begin < n; begin += kChunk) {
        const float* a = p + begin;
        const float* b = q + begin;
        auto sum = hn::Zero(d);
        double rest = 0;
        forVectors(
            std::min(kChunk, n - begin),
            [&](std::size_t i) {
                const auto x = hn::LoadU(d, a + i);
                const auto probability = hn::Exp(d, hn::Sub(x, offset));
                sum = hn::MulAdd(probability, hn::Sub(x, hn::LoadU(d, b + i)), sum);
            },
            [&](std::size_t i) {
                rest += std::exp(static_cast<double>(a[i]) - pLogSumExp) *
                        (static_cast<double>(a[i]) - static_cast<double>(b[i]));
            });
        total += sumOf(sum) + rest;
    }
    return total;
}

} // namespace planish::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace planish {

HWY_EXPORT(rmsNormImpl);
HWY_EXPORT(siluMultiplyImpl);
HWY_EXPORT(geluMultiplyImpl);
HWY_EXPORT(softCapImpl);
HWY_EXPORT(softmaxImpl);
HWY_EXPORT(rotateHalvesImpl);
HWY_EXPORT(summarizeLogitsImpl);
HWY_EXPORT(klDivergenceImpl);

void rmsNorm(std::span<const float> x, std::span<const float> gain, float epsilon, std::span<float> out) {
    HWY_DYNAMIC_DISPATCH(rmsNormImpl)(x.data(), gain.data(), epsilon, x.size(), out.data());
}

void siluMultiply(std::span<float> gate, std::span<const float> up) {
    HWY_DYNAMIC_DISPATCH(siluMultiplyImpl)(gate.data(), up.data(), gate.size());
}

void geluMultiply(std::span<float> gate, std::span<const float> up) {
    HWY_DYNAMIC_DISPATCH(geluMultiplyImpl)(gate.data(), up.data(), gate.size());
}

void softCap(std::span<float> x, float scale, float cap) {
    HWY_DYNAMIC_DISPATCH(softCapImpl)(x.data(), scale, cap, x.size());
}

void softmax(std::span<float> scores, float scale) {
    HWY_DYNAMIC_DISPATCH(softmaxImpl)(scores.data(), scale, scores.size());
}

void rotateHalves(std::span<float> x, std::span<const float> cosines, std::span<const float> sines) {
    HWY_DYNAMIC_DISPATCH(rotateHalvesImpl)(x.data(), cosines.data(), sines.data(), cosines.size());
}

LogitSummary summarizeLogits(std::span<const float> logits) {
    return HWY_DYNAMIC_DISPATCH(summarizeLogitsImpl)(logits.data(), logits.size());
}

double klDivergence(std::span<const float> p, double pLogSumExp, std::span<const float> q,
                    double qLogSumExp) {
    const double crossTerm = HWY_DYNAMIC_DISPATCH(klDivergenceImpl)(p.data(), pLogSumExp, q.data(), p.size());
    const double divergence = crossTerm - pLogSumExp + qLogSumExp;
    return divergence < 0 ? 0 : divergence; // keeps NaN, so that broken logits show
}

} // namespace planish
#endif
