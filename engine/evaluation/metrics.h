// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace planish {

/// exp(nllSum ÷ tokens), nllSum in nats.
double perplexity(double nllSum, std::size_t tokens);

/// A difference of perplexity in percent with its standard error.
struct PerplexityDelta {
    double percent = 0;
    double standardErrorPercent = 0; ///< NaN with fewer than two windows
};

/// 100 · (PPL of `changed` ÷ PPL of `reference` − 1) from NLL sums of the same windows, in nats, each of
/// `tokensPerWindow` scored tokens. The standard error is that of the mean per-token difference over windows
/// (paired: what makes a window hard is common to both), carried through the exponential to first order.
PerplexityDelta perplexityDelta(std::span<const double> changed, std::span<const double> reference,
                                std::size_t tokensPerWindow);

/// Where a PerplexityDelta::percent lies with 95 % probability. Neighbouring windows of a text may be alike,
/// in which case the standard error is too small: resamples are of blocks of n^(1/3) windows in a row, n
/// windows joined at their ends (circular block bootstrap; Politis, Romano 1992), and the interval is that of
/// their percentiles. The same for the same losses; NaN with fewer than two windows.
struct PerplexityInterval {
    double lowPercent = 0;
    double highPercent = 0;
};
PerplexityInterval perplexityInterval(std::span<const double> changed, std::span<const double> reference,
                                      std::size_t tokensPerWindow);

/// Standard error of a perplexity itself, from NLL sums of equal windows; NaN with fewer than two.
double perplexityStandardError(std::span<const double> windowNll, std::size_t tokensPerWindow);

/// How the distribution of KL divergence over scored tokens looks, in nats.
struct DivergenceSummary {
    double mean = 0;
    double median = 0;
    double p99 = 0; ///< the smallest value that at least 99 % of the tokens do not exceed
    double maximum = 0;
};
DivergenceSummary summarizeDivergence(std::vector<float> perToken);

} // namespace planish
