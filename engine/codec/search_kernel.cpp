// SPDX-License-Identifier: GPL-3.0-or-later
#include "codec/search_kernel.h"

#include <hwy/aligned_allocator.h>

#include <algorithm>
#include <new>

// foreach_target.h includes this file once for each target and must come before highway.h.
// clang-format off
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "codec/search_kernel.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>
#include "codec/search_lanes-inl.h"
// clang-format on

HWY_BEFORE_NAMESPACE();
namespace planish::HWY_NAMESPACE {

/// RefineChoice.
HWY_INLINE void refine(const SearchProblem& problem, Search& search, Lanes all) {
    constexpr int iterations = 3;
    Lanes active = all;
    for (int i = 0; i < iterations && !hn::AllFalse(FloatTag(), active); ++i) {
        const Double move = copySign(search.typicalError(), search.high() - search.low());
        Lanes moved = search.tryBounds(search.low() + move, search.high() - move, active);
        const Lanes still = hn::AndNot(moved, active);
        if (problem.hasOffset && !hn::AllFalse(FloatTag(), still)) {
            moved = hn::Or(moved, search.tryBounds(search.low() + move, search.high(), still));
            moved = hn::Or(moved, search.tryBounds(search.low(), search.high() - move, still));
        }
        active = hn::And(active, hn::Or(moved, search.tryRefit(active)));
    }
}

/// What MseChoice does after that; `low` and `high` are the covering bounds.
HWY_INLINE void clip(const SearchProblem& problem, Search& search, Double low, Double high, Lanes all) {
    const Double range = high - low;
    constexpr double fractions[] = {0.0, 0.02, 0.04, 0.07, 0.10, 0.14, 0.19, 0.25};
    for (const double fraction : fractions) {
        const Double part = set(fraction) * range;
        search.tryBounds(low + part, high - part, all);
    }
    if (!problem.hasOffset) {
        return;
    }
    for (const double fraction : fractions) {
        search.tryBounds(low + set(fraction) * range, search.high(), all);
    }
    for (const double fraction : fractions) {
        search.tryBounds(search.low(), high - set(fraction) * range, all);
    }
}

HWY_INLINE void moveBounds(const SearchProblem& problem, Search& search, Lanes all) {
    constexpr int iterations = 6;
    Double step = set(3.0) * search.typicalError();
    for (int i = 0; i < iterations; ++i) {
        Lanes moved = search.tryRefit(all);
        const Double low = search.low();
        const Double high = search.high();
        for (const double atLow : {-1.0, 0.0, 1.0}) {
            for (const double atHigh : {-1.0, 0.0, 1.0}) {
                if (problem.hasOffset || atLow == 0) {
                    moved = hn::Or(moved,
                                   search.tryBounds(low + set(atLow) * step, high + set(atHigh) * step, all));
                }
            }
        }
        step = choose(moved, step, step / set(2.0));
    }
}

/// `count` groups, at most as many as there are lanes; the last one fills the others.
HWY_INLINE void searchLanes(const SearchProblem& problem, const float* groups, std::size_t count,
                            float* weights, GroupParameters* parameters) {
    const FloatTag d;
    const std::size_t lanes = hn::Lanes(d);
    HWY_ALIGN float scales[HWY_MAX_BYTES / sizeof(float)];
    HWY_ALIGN float offsets[HWY_MAX_BYTES / sizeof(float)];
    for (std::size_t lane = 0; lane < lanes; ++lane) {
        const std::size_t group = std::min(lane, count - 1);
        scales[lane] = parameters[group].scale;
        offsets[lane] = parameters[group].offset;
        for (std::size_t i = 0; i < problem.groupSize; ++i) {
            weights[i * lanes + lane] = groups[group * problem.groupSize + i];
        }
    }
    const Lanes all = hn::Eq(setFloat(0), setFloat(0));
    Search search(problem, weights, hn::Load(d, scales), hn::Load(d, offsets));
    const Double low = search.low();
    const Double high = search.high();
    refine(problem, search, all);
    if (problem.thorough) {
        search.start(search.scale(), search.offset());
        clip(problem, search, low, high, all);
        moveBounds(problem, search, all);
    }
    hn::Store(search.scale(), d, scales);
    hn::Store(search.offset(), d, offsets);
    for (std::size_t lane = 0; lane < count; ++lane) {
        parameters[lane] = {scales[lane], offsets[lane]};
    }
}

void searchGroupsImpl(const SearchProblem& problem, GroupParameters* parameters) {
    const std::size_t lanes = hn::Lanes(FloatTag());
    const auto room = hwy::AllocateAligned<float>(problem.groupSize * lanes);
    if (!room) {
        throw std::bad_alloc();
    }
    for (std::size_t group = 0; group < problem.groups; group += lanes) {
        searchLanes(problem, problem.weights + group * problem.groupSize,
                    std::min(lanes, problem.groups - group), room.get(), parameters + group);
    }
}

} // namespace planish::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace planish {

HWY_EXPORT(searchGroupsImpl);

void searchGroups(const SearchProblem& problem, GroupParameters* parameters) {
    HWY_DYNAMIC_DISPATCH(searchGroupsImpl)(problem, parameters);
}

} // namespace planish
#endif
