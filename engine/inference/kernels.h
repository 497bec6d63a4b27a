// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <span>

namespace planish {

// Elementwise work of the network, one row at a time, in fp32. Each picks the best instructions of the
// running CPU (Highway dynamic dispatch); results may differ between CPUs in the last bits, never between
// runs on one.

/// out[i] = gain[i] · x[i] ÷ sqrt(mean(x²) + epsilon). RMSNorm, Zhang & Sennrich 2019, eq. 4.
void rmsNorm(std::span<const float> x, std::span<const float> gain, float epsilon, std::span<float> out);

/// gate[i] = silu(gate[i]) · up[i], silu(x) = x ÷ (1 + e^-x). SwiGLU, Shazeer 2020.
void siluMultiply(std::span<float> gate, std::span<const float> up);

/// gate[i] = gelu(gate[i]) · up[i], with gelu's tanh form x/2 · (1 + tanh(√(2/π) (x + 0.044715 x³)))
/// (Hendrycks & Gimpel 2016).
void geluMultiply(std::span<float> gate, std::span<const float> up);

/// x[i] = cap · tanh(scale · x[i] ÷ cap): values of up to `cap`.
void softCap(std::span<float> x, float scale, float cap);

/// scores[i] = softmax(scale · scores) over the whole span.
void softmax(std::span<float> scores, float scale);

/// Rotates the pairs (x[i], x[i + n/2]) of one head by the angles whose cosines and sines are given [n/2].
/// The half-split form of rotary embeddings (Su et al. 2021) that Hugging Face files use.
void rotateHalves(std::span<float> x, std::span<const float> cosines, std::span<const float> sines);

/// What one row of logits says.
struct LogitSummary {
    double logSumExp = 0;   ///< nats
    std::size_t argmax = 0; ///< the first of equals
};
LogitSummary summarizeLogits(std::span<const float> logits);

/// KL(p ‖ q) in nats of two rows of logits with their logSumExp; never negative.
double klDivergence(std::span<const float> p, double pLogSumExp, std::span<const float> q, double qLogSumExp);

} // namespace planish
