// SPDX-License-Identifier: GPL-3.0-or-later
// Vectors of as many doubles as a vector has floats, for kernels that Highway compiles once for each target:
// to be included after highway.h, once a target.
#if defined(PLANISH_WIDE_VECTORS_INL) == defined(HWY_TARGET_TOGGLE)
#ifdef PLANISH_WIDE_VECTORS_INL
#undef PLANISH_WIDE_VECTORS_INL
#else
#define PLANISH_WIDE_VECTORS_INL
#endif

#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace planish::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;
using FloatTag = hn::ScalableTag<float>;
using HalfTag = hn::Half<FloatTag>;
using DoubleTag = hn::RepartitionToWide<FloatTag>;
using Float = hn::Vec<FloatTag>;
using Lanes = hn::Mask<FloatTag>;

HWY_INLINE Float setFloat(float value) {
    return hn::Set(FloatTag(), value);
}

/// As many doubles as a vector has floats: its lower and its upper half.
struct Double {
    hn::Vec<DoubleTag> lower;
    hn::Vec<DoubleTag> upper;
};

HWY_INLINE Double set(double value) {
    return {hn::Set(DoubleTag(), value), hn::Set(DoubleTag(), value)};
}
HWY_INLINE Double wide(Float value) {
    return {hn::PromoteTo(DoubleTag(), hn::LowerHalf(value)),
            hn::PromoteTo(DoubleTag(), hn::UpperHalf(HalfTag(), value))};
}
HWY_INLINE Double wide(hn::Vec<hn::RebindToSigned<FloatTag>> value) {
    return {hn::PromoteTo(DoubleTag(), hn::LowerHalf(value)),
            hn::PromoteTo(DoubleTag(), hn::UpperHalf(hn::RebindToSigned<HalfTag>(), value))};
}
HWY_INLINE Float narrow(Double value) {
    return hn::Combine(FloatTag(), hn::DemoteTo(HalfTag(), value.upper),
                       hn::DemoteTo(HalfTag(), value.lower));
}
HWY_INLINE Double operator+(Double a, Double b) {
    return {hn::Add(a.lower, b.lower), hn::Add(a.upper, b.upper)};
}
HWY_INLINE Double operator-(Double a, Double b) {
    return {hn::Sub(a.lower, b.lower), hn::Sub(a.upper, b.upper)};
}
HWY_INLINE Double operator*(Double a, Double b) {
    return {hn::Mul(a.lower, b.lower), hn::Mul(a.upper, b.upper)};
}
HWY_INLINE Double operator/(Double a, Double b) {
    return {hn::Div(a.lower, b.lower), hn::Div(a.upper, b.upper)};
}
HWY_INLINE Double multiplyAdd(Double a, Double b, Double c) {
    return {hn::MulAdd(a.lower, b.lower, c.lower), hn::MulAdd(a.upper, b.upper, c.upper)};
}
HWY_INLINE Double squareRoot(Double a) {
    return {hn::Sqrt(a.lower), hn::Sqrt(a.upper)};
}
HWY_INLINE Double copySign(Double magnitude, Double sign) {
    return {hn::CopySign(magnitude.lower, sign.lower), hn::CopySign(magnitude.upper, sign.upper)};
}
HWY_INLINE Double clamp(Double a, double lowest, double highest) {
    const auto low = hn::Set(DoubleTag(), lowest);
    const auto high = hn::Set(DoubleTag(), highest);
    return {hn::Min(hn::Max(a.lower, low), high), hn::Min(hn::Max(a.upper, low), high)};
}
/// Where a is less than b; in terms of floats, as masks of both kinds differ.
HWY_INLINE Lanes operator<(Double a, Double b) {
    const auto one = hn::Set(DoubleTag(), 1.0);
    const Double less{hn::IfThenElseZero(hn::Lt(a.lower, b.lower), one),
                      hn::IfThenElseZero(hn::Lt(a.upper, b.upper), one)};
    return hn::Gt(narrow(less), setFloat(0));
}
HWY_INLINE Double choose(Lanes lanes, Double yes, Double no) {
    const Double one = wide(hn::IfThenElseZero(lanes, setFloat(1)));
    const auto zero = hn::Zero(DoubleTag());
    return {hn::IfThenElse(hn::Gt(one.lower, zero), yes.lower, no.lower),
            hn::IfThenElse(hn::Gt(one.upper, zero), yes.upper, no.upper)};
}

} // namespace planish::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
