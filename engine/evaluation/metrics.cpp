// SPDX-License-Identifier: GPL-3.0-or-later
#include "evaluation/metrics.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <limits>
#include <numeric>

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

PerplexityDelta perplexityDelta(std::span<const double> changed, std::span<const double> reference,
                                std::size_t tokensPerWindow) {
    assert(changed.size() == reference.size());
    std::vector<double> differences(changed.size());
    for (std::size_t i = 0; i < changed.size(); ++i) {
        differences[i] = (changed[i] - reference[i]) / static_cast<double>(tokensPerWindow);
    }
    const Mean mean = meanOf(differences);
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
