// SPDX-License-Identifier: GPL-3.0-or-later
#include "gradient/gradient_kernels.h"

#include <algorithm>
#include <cmath>
#include <cstddef>

// foreach_target.h includes this file once for each target and must come before highway.h.
// clang-format off
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "gradient/gradient_kernels.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>
#include <hwy/contrib/math/math-inl.h>
#include "inference/for_vectors-inl.h"
// clang-format on

HWY_BEFORE_NAMESPACE();
namespace planish::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;
using Tag = hn::ScalableTag<float>;

/// Σ of what `load` gives for vectors and `one` for single elements.
template <class Load, class One>
HWY_INLINE float sumOf(std::size_t n, const Load& load, const One& one) {
    const Tag d;
    auto sum = hn::Zero(d);
    float rest = 0;
    forVectors(
        n, [&](std::size_t i) { sum = hn::Add(sum, load(i)); }, [&](std::size_t i) { rest += one(i); });
    return hn::GetLane(hn::SumOfLanes(d, sum)) + rest;
}

void rmsNormGradientImpl(const float* x, const float* gain, float epsilon, const float* out, std::size_t n,
                         float* xGradient, float* gainGradient) {
    const Tag d;
    const float squares = sumOf(
        n,
        [&](std::size_t i) {
            const auto v = hn::LoadU(d, x + i);
            return hn::Mul(v, v);
        },
        [&](std::size_t i) { return x[i] * x[i]; });
    const float along = sumOf(
        n,
        [&](std::size_t i) {
            return hn::Mul(hn::Mul(hn::LoadU(d, gain + i), hn::LoadU(d, out + i)), hn::LoadU(d, x + i));
        },
        [&](std::size_t i) { return gain[i] * out[i] * x[i]; });
    const auto count = static_cast<float>(n);
    const float scale = 1.0F / std::sqrt(squares / count + epsilon);
    const float shrink = scale * scale * scale * along / count;
    const auto scaleVector = hn::Set(d, scale);
    const auto shrinkVector = hn::Set(d, shrink);
    forVectors(
        n,
        [&](std::size_t i) {
            const auto v = hn::LoadU(d, x + i);
            const auto scaled = hn::Mul(hn::LoadU(d, out + i), scaleVector);
            const auto own = hn::MulAdd(scaled, hn::LoadU(d, gain + i), hn::LoadU(d, xGradient + i));
            hn::StoreU(hn::NegMulAdd(v, shrinkVector, own), d, xGradient + i);
            hn::StoreU(hn::MulAdd(scaled, v, hn::LoadU(d, gainGradient + i)), d, gainGradient + i);
        },
        [&](std::size_t i) {
            xGradient[i] += scale * gain[i] * out[i] - shrink * x[i];
            gainGradient[i] += scale * out[i] * x[i];
        });
}

void siluMultiplyGradientImpl(float* gate, float* up, const float* out, std::size_t n) {
    const Tag d;
    const auto one = hn::Set(d, 1.0F);
    forVectors(
        n,
        [&](std::size_t i) {
            const auto g = hn::LoadU(d, gate + i);
            // Past 88 the exponential leaves the range of float; the quotient is 0 there all the same.
            const auto exponent = hn::Min(hn::Neg(g), hn::Set(d, 88.0F));
            const auto sigmoid = hn::Div(one, hn::Add(one, hn::Exp(d, exponent)));
            const auto silu = hn::Mul(g, sigmoid);
            const auto slope = hn::MulAdd(silu, hn::Sub(one, sigmoid), sigmoid);
            const auto gradient = hn::LoadU(d, out + i);
            hn::StoreU(hn::Mul(hn::Mul(gradient, hn::LoadU(d, up + i)), slope), d, gate + i);
            hn::StoreU(hn::Mul(gradient, silu), d, up + i);
        },
        [&](std::size_t i) {
            const float sigmoid = 1.0F / (1.0F + std::exp(-gate[i]));
            const float silu = gate[i] * sigmoid;
            gate[i] = out[i] * up[i] * (sigmoid + silu * (1.0F - sigmoid));
            up[i] = out[i] * silu;
        });
}

void softmaxGradientImpl(const float* p, float scale, float* gradient, std::size_t n) {
    const Tag d;
    const float mean = sumOf(
        n, [&](std::size_t i) { return hn::Mul(hn::LoadU(d, p + i), hn::LoadU(d, gradient + i)); },
        [&](std::size_t i) { return p[i] * gradient[i]; });
    const auto meanVector = hn::Set(d, mean);
    const auto scaleVector = hn::Set(d, scale);
    forVectors(
        n,
        [&](std::size_t i) {
            const auto centred = hn::Sub(hn::LoadU(d, gradient + i), meanVector);
            hn::StoreU(hn::Mul(hn::Mul(hn::LoadU(d, p + i), scaleVector), centred), d, gradient + i);
        },
        [&](std::size_t i) { gradient[i] = p[i] * scale * (gradient[i] - mean); });
}

void probabilitiesImpl(float* logits, float offset, float scale, std::size_t n) {
    const Tag d;
    const auto offsetVector = hn::Set(d, offset);
    const auto scaleVector = hn::Set(d, scale);
    forVectors(
        n,
        [&](std::size_t i) {
            const auto e = hn::Exp(d, hn::Sub(hn::LoadU(d, logits + i), offsetVector));
            hn::StoreU(hn::Mul(e, scaleVector), d, logits + i);
        },
        [&](std::size_t i) { logits[i] = scale * std::exp(logits[i] - offset); });
}

void probabilityDifferenceImpl(float* q, float qOffset, const float* p, float pOffset, float scale,
                               std::size_t n) {
    const Tag d;
    const auto qVector = hn::Set(d, qOffset);
    const auto pVector = hn::Set(d, pOffset);
    const auto scaleVector = hn::Set(d, scale);
    forVectors(
        n,
        [&](std::size_t i) {
            const auto own = hn::Exp(d, hn::Sub(hn::LoadU(d, q + i), qVector));
            const auto wanted = hn::Exp(d, hn::Sub(hn::LoadU(d, p + i), pVector));
            hn::StoreU(hn::Mul(hn::Sub(own, wanted), scaleVector), d, q + i);
        },
        [&](std::size_t i) { q[i] = scale * (std::exp(q[i] - qOffset) - std::exp(p[i] - pOffset)); });
}

} // namespace planish::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace planish {

HWY_EXPORT(rmsNormGradientImpl);
HWY_EXPORT(siluMultiplyGradientImpl);
HWY_EXPORT(softmaxGradientImpl);
HWY_EXPORT(probabilitiesImpl);
HWY_EXPORT(probabilityDifferenceImpl);

void rmsNormGradient(std::span<const float> x, std::span<const float> gain, float epsilon,
                     std::span<const float> outGradient, std::span<float> xGradient,
                     std::span<float> gainGradient) {
    HWY_DYNAMIC_DISPATCH(rmsNormGradientImpl)
    (x.data(), gain.data(), epsilon, outGradient.data(), x.size(), xGradient.data(), gainGradient.data());
}

void siluMultiplyGradient(std::span<float> gate, std::span<float> up, std::span<const float> outGradient) {
    HWY_DYNAMIC_DISPATCH(siluMultiplyGradientImpl)
    (gate.data(), up.data(), outGradient.data(), gate.size());
}

void softmaxGradient(std::span<const float> p, float scale, std::span<float> gradient) {
    HWY_DYNAMIC_DISPATCH(softmaxGradientImpl)(p.data(), scale, gradient.data(), p.size());
}

void probabilities(std::span<float> logits, double logSumExp, float scale) {
    HWY_DYNAMIC_DISPATCH(probabilitiesImpl)
    (logits.data(), static_cast<float>(logSumExp), scale, logits.size());
}

void probabilityDifference(std::span<float> q, double qLogSumExp, std::span<const float> p, double pLogSumExp,
                           float scale) {
    HWY_DYNAMIC_DISPATCH(probabilityDifferenceImpl)
    (q.data(), static_cast<float>(qLogSumExp), p.data(), static_cast<float>(pLogSumExp), scale, q.size());
}

} // namespace planish
#endif
