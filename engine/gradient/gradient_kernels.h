// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <span>

namespace planish {

// Derivatives of the network's elementwise work (inference/kernels.h), one row at a time, in fp32, by the
// best instructions of the running CPU. With L the loss, `out` the result of the forward kernel.

/// From dL/d out of rmsNorm(x, gain): adds dL/dx to `xGradient` and dL/d gain to `gainGradient`.
void rmsNormGradient(std::span<const float> x, std::span<const float> gain, float epsilon,
                     std::span<const float> outGradient, std::span<float> xGradient,
                     std::span<float> gainGradient);

/// From dL/d(silu(gate) · up): `gate` and `up` become dL/d gate and dL/d up.
void siluMultiplyGradient(std::span<float> gate, std::span<float> up, std::span<const float> outGradient);

/// From dL/dp of p = softmax(scale · scores): `gradient` becomes dL/d scores.
void softmaxGradient(std::span<const float> p, float scale, std::span<float> gradient);

/// logits[i] = scale · e^(logits[i] − logSumExp): probabilities.
void probabilities(std::span<float> logits, double logSumExp, float scale);

/// q[i] = scale · (e^(q[i] − qLogSumExp) − e^(p[i] − pLogSumExp)).
void probabilityDifference(std::span<float> q, double qLogSumExp, std::span<const float> p, double pLogSumExp,
                           float scale);

} // namespace planish
