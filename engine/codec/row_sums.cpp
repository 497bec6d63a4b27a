// SPDX-License-Identifier: GPL-3.0-or-later
#include "codec/row_sums.h"

#include <cassert>
#include <cstddef>

// foreach_target.h includes this file once for each target and must come before highway.h.
// clang-format off
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "codec/row_sums.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>
// clang-format on

HWY_BEFORE_NAMESPACE();
namespace planish::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

RowSums rowSumsImpl(const float* original, const float* stored, std::size_t count) {
    const hn::ScalableTag<double> d;
    const hn::Rebind<float, decltype(d)> narrow;
    const std::size_t lanes = hn::Lanes(d);
    auto energy = hn::Zero(d);
    auto error = hn::Zero(d);
    std::size_t i = 0;
    for (; i + lanes <= count; i += lanes) {
        const auto weight = hn::PromoteTo(d, hn::LoadU(narrow, original + i));
        const auto lost = hn::Sub(weight, hn::PromoteTo(d, hn::LoadU(narrow, stored + i)));
        energy = hn::MulAdd(weight, weight, energy);
        error = hn::MulAdd(lost, lost, error);
    }
    RowSums sums{hn::GetLane(hn::SumOfLanes(d, energy)), hn::GetLane(hn::SumOfLanes(d, error))};
    for (; i < count; ++i) {
        const auto weight = static_cast<double>(original[i]);
        const double lost = weight - static_cast<double>(stored[i]);
        sums.energy += weight * weight;
        sums.error += lost * lost;
    }
    return sums;
}

} // namespace planish::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace planish {

HWY_EXPORT(rowSumsImpl);

RowSums rowSums(std::span<const float> original, std::span<const float> stored) {
    assert(original.size() == stored.size());
    return HWY_DYNAMIC_DISPATCH(rowSumsImpl)(original.data(), stored.data(), original.size());
}

} // namespace planish
#endif
