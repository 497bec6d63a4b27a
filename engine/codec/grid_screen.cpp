// SPDX-License-Identifier: GPL-3.0-or-later
#include "codec/grid_screen.h"

#include <algorithm>
#include <array>
#include <cstddef>

// foreach_target.h includes this file once for each target and must come before highway.h.
// clang-format off
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "codec/grid_screen.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>
// clang-format on

HWY_BEFORE_NAMESPACE();
namespace planish::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;
using Tag = hn::ScalableTag<float>;
using Vector = hn::Vec<Tag>;

/// A group and what its errors cost; null when all the same.
struct Group {
    const float* weights;
    const float* importance;
    std::size_t size;
};

/// `count` numbers, fewer than a vector, and zeros after them.
HWY_INLINE Vector loadTail(const float* numbers, std::size_t count) {
    HWY_ALIGN float edge[HWY_MAX_BYTES / sizeof(float)] = {};
    std::copy_n(numbers, count, edge);
    return hn::Load(Tag(), edge);
}

/// Σ i·error(w)², two vectors of sums.
template <typename Error>
HWY_INLINE float sumOfSquares(const Group& group, const Error& error) {
    const Tag d;
    const std::size_t lanes = hn::Lanes(d);
    const auto weighted = [&](Vector e, std::size_t at) HWY_ATTR {
        return group.importance == nullptr ? e : hn::Mul(e, hn::LoadU(d, group.importance + at));
    };
    Vector even = hn::Zero(d);
    Vector odd = hn::Zero(d);
    std::size_t at = 0;
    for (; at + 2 * lanes <= group.size; at += 2 * lanes) {
        const Vector first = error(hn::LoadU(d, group.weights + at));
        const Vector second = error(hn::LoadU(d, group.weights + at + lanes));
        even = hn::MulAdd(weighted(first, at), first, even);
        odd = hn::MulAdd(weighted(second, at + lanes), second, odd);
    }
    if (at + lanes <= group.size) {
        const Vector e = error(hn::LoadU(d, group.weights + at));
        even = hn::MulAdd(weighted(e, at), e, even);
        at += lanes;
    }
    if (const std::size_t left = group.size - at; left > 0) {
        const Vector e = hn::IfThenElseZero(hn::FirstN(d, left), error(loadTail(group.weights + at, left)));
        const Vector costly =
            group.importance == nullptr ? e : hn::Mul(e, loadTail(group.importance + at, left));
        odd = hn::MulAdd(costly, e, odd);
    }
    return hn::GetLane(hn::SumOfLanes(d, hn::Add(even, odd)));
}

/// Whole levels from the first to the last.
float uniformImpl(float firstLevel, float lastLevel, GroupParameters parameters, const float* weights,
                  const float* importance, std::size_t size) {
    const Tag d;
    const Vector offset = hn::Set(d, parameters.offset);
    const Vector scale = hn::Set(d, parameters.scale);
    const Vector inverse = hn::Set(d, parameters.scale == 0 ? 0.0F : 1 / parameters.scale);
    const Vector lowest = hn::Set(d, firstLevel);
    const Vector last = hn::Set(d, lastLevel);
    return sumOfSquares({weights, importance, size}, [&](Vector weight) HWY_ATTR {
        const Vector above = hn::Sub(weight, offset);
        const Vector units = hn::Mul(above, inverse);
        const Vector level = hn::Round(hn::Min(hn::Max(units, lowest), last));
        return hn::NegMulAdd(scale, level, above);
    });
}

/// Any decoded levels: the error is the distance to the nearest.
float tableImpl(const float* decoded, std::size_t levels, const float* weights, const float* importance,
                std::size_t size) {
    const Tag d;
    return sumOfSquares({weights, importance, size}, [&](Vector weight) HWY_ATTR {
        Vector distance = hn::Abs(hn::Sub(weight, hn::Set(d, decoded[0])));
        for (std::size_t level = 1; level < levels; ++level) {
            distance = hn::Min(distance, hn::Abs(hn::Sub(weight, hn::Set(d, decoded[level]))));
        }
        return distance;
    });
}

} // namespace planish::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace planish {

HWY_EXPORT(uniformImpl);
HWY_EXPORT(tableImpl);

float roughSquaredError(const Grid& grid, GroupParameters parameters, std::span<const float> weights,
                        std::span<const float> importance) {
    const float* costs = importance.empty() ? nullptr : importance.data();
    if (grid.isUniform()) {
        return HWY_DYNAMIC_DISPATCH(uniformImpl)(grid.first(), grid.last(), parameters, weights.data(), costs,
                                                 weights.size());
    }
    std::array<float, 16> decoded{};
    for (std::size_t i = 0; i < grid.levels().size(); ++i) {
        decoded[i] = parameters.offset + parameters.scale * grid.levels()[i];
    }
    return HWY_DYNAMIC_DISPATCH(tableImpl)(decoded.data(), grid.levels().size(), weights.data(), costs,
                                           weights.size());
}

} // namespace planish
#endif
