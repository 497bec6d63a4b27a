// SPDX-License-Identifier: GPL-3.0-or-later
#include "evaluation/metrics.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <limits>
#include <numeric>
#include <random>

namespace planish {
namespace {

struct Mean {
    double value;
    double standardError; ///< NaN with fewer than two
};

Mean meanOf(const std::vector<double>& values) {
    const auto n = static_cast<double>(values.size());
    const double mean = std::accumulate(values.begin(), values.end(), 0.0) / n;
    if (values.size() < 2) {
        return {mean, std::numeric_limits<double>::quiet_NaN()};
    }
    double squares = 0;
    for (const double value : values) {
        squares += (value - mean) * (value - mean);
    }
    return {mean, std::sqrt(squares / (n - 1) / n)};
}

std::vector<double> perToken(std::span<const double> changed, std::span<const double> reference,
                             std::size_t tokensPerWindow) {
    assert(changed.size() == reference.size());
    std::vector<double> differences(changed.size());
    for (std::size_t i = 0; i < changed.size(); ++i) {
        differences[i] = (changed[i] - reference[i]) / static_cast<double>(tokensPerWindow);
    }
    return differences;
}

/// The smallest value that at least `fraction` of the values do not exceed.
double quantile(std::vector<float>& values, double fraction) {
    const auto rank = static_cast<std::size_t>(std::ceil(fraction * static_cast<double>(values.size())));
    const auto position = values.begin() + static_cast<std::ptrdiff_t>(std::max<std::size_t>(rank, 1) - 1);
    std::nth_element(values.begin(), position, values.end());
    return static_cast<double>(*position);
}

} // namespace

double perplexity(double nllSum, std::size_t tokens) {
    return std::exp(nllSum / static_cast<double>(tokens));
}

PerplexityInterval perplexityInterval(std::span<const double> changed, std::span<const double> reference,
                                      std::size_t tokensPerWindow) {
    const std::vector<double> differences = perToken(changed, reference, tokensPerWindow);
    const std::size_t n = differences.size();
    if (n < 2) {
        const double unknown = std::numeric_limits<double>::quiet_NaN();
        return {unknown, unknown};
    }
    const auto length = static_cast<std::size_t>(std::cbrt(static_cast<double>(n)) + 1e-9);
    // Sums up to each window, over two rounds, so that a block's sum is a difference of two.
    std::vector<double> sums(2 * n + 1);
    for (std::size_t i = 0; i < 2 * n; ++i) {
        sums[i + 1] = sums[i] + differences[i % n];
    }
    const double mean = sums[n] / static_cast<double>(n);
    // Resampled means spread as if their mean was known: less than the truth by this factor.
    const double widening = std::sqrt(static_cast<double>(n) / static_cast<double>(n - 1));
    constexpr std::size_t resamples = 2000;
    std::mt19937_64 random(1);
    std::vector<double> means;
    for (std::size_t i = 0; i < resamples; ++i) {
        double sum = 0;
        for (std::size_t windows = 0; windows < n; windows += length) {
            const std::size_t begin = random() % n;
            sum += sums[begin + std::min(length, n - windows)] - sums[begin];
        }
        means.push_back(mean + widening * (sum / static_cast<double>(n) - mean));
    }
    std::sort(means.begin(), means.end());
    constexpr double outside = 0.025; // on each side
    const auto tail = static_cast<std::size_t>(outside * static_cast<double>(resamples));
    return {100 * std::expm1(means[tail]), 100 * std::expm1(means[resamples - 1 - tail])};
}

PerplexityDelta perplexityDelta(std::span<const double> changed, std::span<const double> reference,
                                std::size_t tokensPerWindow) {
    const Mean mean = meanOf(perToken(changed, reference, tokensPerWindow));
    return {100 * std::expm1(mean.value), 100 * std::exp(mean.value) * mean.standardError};
}

double perplexityStandardError(std::span<const double> windowNll, std::size_t tokensPerWindow) {
    std::vector<double> perToken(windowNll.begin(), windowNll.end());
    for (double& value : perToken) {
        value /= static_cast<double>(tokensPerWindow);
    }
    const Mean mean = meanOf(perToken);
    return std::exp(mean.value) * mean.standardError;
}

DivergenceSummary summarizeDivergence(std::vector<float> perToken) {
    if (perToken.empty()) {
        return {};
    }
    if (std::any_of(perToken.begin(), perToken.end(), [](float value) { return std::isnan(value); })) {
        const double broken = std::numeric_limits<double>::quiet_NaN();
        return {broken, broken, broken, broken};
    }
    const double sum = std::accumulate(perToken.begin(), perToken.end(), 0.0);
    DivergenceSummary summary;
    summary.mean = sum / static_cast<double>(perToken.size());
    summary.median = quantile(perToken, 0.5);
    summary.p99 = quantile(perToken, 0.99);
    summary.maximum = static_cast<double>(*std::max_element(perToken.begin(), perToken.end()));
    return summary;
}

} // namespace planish
