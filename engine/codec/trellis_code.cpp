// SPDX-License-Identifier: GPL-3.0-or-later
#include "codec/trellis_code.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <map>
#include <mutex>
#include <new>
#include <utility>

namespace planish {
namespace {

/// exp(−z²/2) ÷ √(2π) from sums and products only: rounded alike everywhere, unlike std::exp.
double density(double z) {
    constexpr int halvings = 10;
    constexpr int terms = 12;
    const double x = -z * z / 2 / (1 << halvings);
    double sum = 1;
    for (int i = terms; i > 0; --i) {
        sum = 1 + sum * x / i;
    }
    for (int i = 0; i < halvings; ++i) {
        sum *= sum;
    }
    return 0.3989422804014327 * sum;
}

/// P(0 < N(0,1) ≤ z), the series of Φ about 0; to 1e-11 up to z = 5.
double massUpTo(double z) {
    double term = z;
    double sum = z;
    for (int i = 1; std::fabs(term) > 1e-16; ++i) {
        term *= -z * z / (2.0 * i);
        sum += term / (2 * i + 1);
    }
    return 0.3989422804014327 * sum;
}

/// Φ⁻¹((i + ½) ÷ 2^bits) for the upper half of all i: Newton steps from each to the next.
std::vector<double> upperQuantiles(int bits) {
    const std::size_t count = std::size_t{1} << (bits - 1);
    std::vector<double> quantiles(count);
    double z = 0;
    for (std::size_t i = 0; i < count; ++i) {
        const double mass = (static_cast<double>(i) + 0.5) / static_cast<double>(2 * count);
        double step = 1;
        while (std::fabs(step) > 1e-8) {
            step = (mass - massUpTo(z)) / density(z);
            z += step;
        }
        quantiles[i] = z;
    }
    return quantiles;
}

} // namespace

std::int16_t toTrellisUnits(float value) {
    return static_cast<std::int16_t>(std::lrint(std::clamp(value * TrellisCode::unit, -32767.0F, 32767.0F)));
}

const TrellisCode& TrellisCode::of(int stateBits, int bits) {
    static std::mutex mutex;
    static std::map<std::pair<int, int>, TrellisCode> codes;
    const std::lock_guard lock(mutex);
    return codes.try_emplace({stateBits, bits}, stateBits, bits).first->second;
}

TrellisCode::TrellisCode(int stateBits, int bits)
    : stateBits_(stateBits), bits_(bits), values_(hwy::AllocateAligned<std::int16_t>(states())) {
    assert(stateBits >= fewestStateBits && stateBits <= mostStateBits && bits >= 2 && bits <= 5);
    if (!values_) {
        throw std::bad_alloc();
    }
    const double cubic = bits == 2 ? 0 : 0.012;
    std::vector<std::int16_t> upper;
    for (const double z : upperQuantiles(stateBits)) {
        upper.push_back(toTrellisUnits(static_cast<float>(z + cubic * z * z * z)));
    }
    const int offsetBits = stateBits - bits;
    for (std::uint32_t state = 0; state < states(); ++state) {
        const std::uint32_t before = state >> bits;
        const std::uint32_t turn = 0xC2B2AE35U * before >> (32 - bits);
        const std::uint32_t part = (state + turn) & ((1U << bits) - 1U);
        const std::uint32_t offset = 0x9E3779B1U * before >> (32 - offsetBits);
        const std::size_t place = (std::size_t{part} << offsetBits) | offset;
        values_[state] = place >= upper.size() ? upper[place - upper.size()]
                                               : static_cast<std::int16_t>(-upper[upper.size() - 1 - place]);
    }
    floats_.assign(values_.get(), values_.get() + states());
}

} // namespace planish
