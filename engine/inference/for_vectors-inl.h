// SPDX-License-Identifier: GPL-3.0-or-later
// A loop over floats in vectors, for kernels that Highway compiles once for each target: to be included after
// highway.h, once a target.
#if defined(PLANISH_FOR_VECTORS_INL) == defined(HWY_TARGET_TOGGLE)
#ifdef PLANISH_FOR_VECTORS_INL
#undef PLANISH_FOR_VECTORS_INL
#else
#define PLANISH_FOR_VECTORS_INL
#endif

#include <hwy/highway.h>

#include <cstddef>

HWY_BEFORE_NAMESPACE();
namespace planish::HWY_NAMESPACE {

/// Calls body(i) for each whole vector below n, then tail(i) for each element left.
template <class Body, class Tail>
HWY_INLINE void forVectors(std::size_t n, const Body& body, const Tail& tail) {
    const std::size_t lanes = hwy::HWY_NAMESPACE::Lanes(hwy::HWY_NAMESPACE::ScalableTag<float>());
    std::size_t i = 0;
    for (; i + lanes <= n; i += lanes) {
        body(i);
    }
    for (; i < n; ++i) {
        tail(i);
    }
}

} // namespace planish::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
