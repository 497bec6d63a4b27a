// SPDX-License-Identifier: GPL-3.0-or-later
// A ParameterSearch in every lane of a vector, for search_kernel.cpp, which Highway compiles once for each
// target: to be included after highway.h, once a target.
#if defined(PLANISH_SEARCH_LANES_INL) == defined(HWY_TARGET_TOGGLE)
#ifdef PLANISH_SEARCH_LANES_INL
#undef PLANISH_SEARCH_LANES_INL
#else
#define PLANISH_SEARCH_LANES_INL
#endif

#include "codec/search_kernel.h"
#include "codec/wide_vectors-inl.h"

#include <hwy/highway.h>

#include <algorithm>
#include <cmath>
#include <limits>

HWY_BEFORE_NAMESPACE();
namespace planish::HWY_NAMESPACE {

using WholeTag = hn::RebindToSigned<FloatTag>;
using BitsTag = hn::RebindToUnsigned<FloatTag>;

/// The fp16 number nearest to a float, saturating.
HWY_INLINE Float nearestFp16(Float wanted) {
    const BitsTag bits;
    const Float number = hn::Min(hn::Max(wanted, setFloat(-65504)), setFloat(65504));
    const Float magnitude = hn::Abs(number);
    // To even on the 13 bits that fp16 has not; on multiples of 2^-24 below its normal numbers.
    const auto raw = hn::BitCast(bits, magnitude);
    const auto odd = hn::And(hn::ShiftRight<13>(raw), hn::Set(bits, 1U));
    const auto rounded = hn::And(hn::Add(raw, hn::Add(odd, hn::Set(bits, 0xfffU))), hn::Set(bits, ~0x1fffU));
    const Float small = hn::Sub(hn::Add(magnitude, setFloat(0.5F)), setFloat(0.5F));
    const Float found =
        hn::IfThenElse(hn::Lt(magnitude, setFloat(0x1p-14F)), small, hn::BitCast(FloatTag(), rounded));
    return hn::CopySign(found, number);
}

/// Where all numbers within `tolerance` of one are nearest to `found`, as it is.
HWY_INLINE Lanes isNearest(Float found, Float number, Float tolerance) {
    const BitsTag bits;
    const auto exponent = hn::And(hn::BitCast(bits, number), hn::Set(bits, 0x7f800000U));
    const Float half =
        hn::Max(hn::Mul(hn::BitCast(FloatTag(), exponent), setFloat(0x1p-11F)), setFloat(0x1p-25F));
    return hn::Lt(hn::Add(hn::Abs(hn::Sub(number, found)), tolerance), half);
}

/// A ParameterSearch in every lane. Candidates are compared by errors in single precision; only where these
/// are too near to tell, and where the size of a step follows from an error, it is summed as ParameterSearch
/// does.
class Search {
  public:
    HWY_INLINE Search(const SearchProblem& problem, const float* weights, Float scale, Float offset)
        : problem_(problem),
          weights_(weights),
          least_(weightAt(0)),
          greatest_(weightAt(0)),
          weightSum_(set(0)) {
        for (std::size_t i = 0; i < problem_.groupSize; ++i) {
            const Float weight = weightAt(i);
            least_ = hn::Min(least_, weight);
            greatest_ = hn::Max(greatest_, weight);
            weightSum_ = weightSum_ + wide(weight);
        }
        start(scale, offset);
    }

    HWY_INLINE void start(Float scale, Float offset) {
        scale_ = scale;
        offset_ = offset;
        rough_ = roughErrorOf(scale, offset);
        isExact_ = false;
        refitted_ = hn::Lt(setFloat(0), setFloat(0));
        refittedScale_ = scale;
        refittedOffset_ = offset;
    }

    HWY_INLINE Float scale() const { return scale_; }
    HWY_INLINE Float offset() const { return offset_; }
    HWY_INLINE Double typicalError() {
        return squareRoot(exactError() / set(static_cast<double>(problem_.groupSize)));
    }
    HWY_INLINE Double low() const { return levelAt(problem_.first); }
    HWY_INLINE Double high() const { return levelAt(problem_.last); }

    /// In the lanes of `wanted`; those where it made the error less.
    HWY_NOINLINE Lanes tryBounds(const Double& low, const Double& high, Lanes wanted) {
        return consider(storableScale(low, high, wanted), storableOffset(low), wanted);
    }

    HWY_NOINLINE Lanes tryRefit(Lanes wanted) {
        const Lanes known =
            hn::And(refitted_, hn::And(hn::Eq(refittedScale_, scale_), hn::Eq(refittedOffset_, offset_)));
        wanted = hn::AndNot(known, wanted);
        if (hn::AllFalse(FloatTag(), wanted)) {
            return wanted;
        }
        refitted_ = hn::Or(refitted_, wanted);
        refittedScale_ = hn::IfThenElse(wanted, scale_, refittedScale_);
        refittedOffset_ = hn::IfThenElse(wanted, offset_, refittedOffset_);
        constexpr std::size_t exactSums = 16384; // of squares of 8 bits, in 32
        const Division by(scale_, offset_);
        Double u = set(0);
        Double uu = set(0);
        Double uw = set(0);
        for (std::size_t begin = 0; begin < problem_.groupSize; begin += exactSums) {
            auto sum = hn::Zero(WholeTag());
            auto squares = hn::Zero(WholeTag());
            for (std::size_t i = begin; i < std::min(begin + exactSums, problem_.groupSize); ++i) {
                const Float weight = weightAt(i);
                const Float level = levelOf(weight, by);
                const auto whole = hn::ConvertTo(WholeTag(), level);
                sum = hn::Add(sum, whole);
                squares = hn::Add(squares, hn::Mul(whole, whole));
                uw = multiplyAdd(wide(level), wide(weight), uw); // the product is exact
            }
            u = u + wide(sum);
            uu = uu + wide(squares);
        }
        const Double& w = weightSum_;
        wanted = hn::And(wanted, set(0) < uu); // squares of whole numbers
        Float offset = setFloat(0);
        if (problem_.hasOffset) {
            const Double one = set(static_cast<double>(problem_.groupSize));
            const Double determinant = one * uu - u * u;
            wanted = hn::And(wanted, set(0) < determinant);
            offset = nearestFp16(narrow((w * uu - uw * u) / determinant));
        }
        return consider(storableScale((uw - wide(offset) * u) / uu), offset, wanted);
    }

  private:
    HWY_INLINE Double levelAt(float level) const { return wide(offset_) + wide(scale_) * set(level); }
    HWY_INLINE Float weightAt(std::size_t i) const {
        return hn::LoadU(FloatTag(), weights_ + i * hn::Lanes(FloatTag()));
    }
    /// How levels are found with some parameters: with scale 0 the one nearest to 0 is taken.
    struct Division {
        HWY_INLINE Division(Float scale, Float offset) {
            const Lanes none = hn::Eq(scale, setFloat(0));
            divisor = hn::IfThenElse(none, setFloat(std::numeric_limits<float>::infinity()), scale);
            inverse = hn::Div(setFloat(1), divisor);
            base = hn::IfThenZeroElse(none, offset);
        }
        Float divisor;
        Float inverse;
        Float base;
    };

    /// The nearest level, in units of the grid. By the product with the divisor's inverse where that is not
    /// so near to the middle between two levels that the quotient could be on the other side.
    HWY_INLINE Float levelOf(Float weight, const Division& by) const {
        constexpr float doubt = 1e-4F; // an ulp or two of at most 256
        const Float above = hn::Sub(weight, by.base);
        const Float units = hn::Mul(above, by.inverse);
        const Float level = hn::Round(units);
        const Lanes between = hn::Gt(hn::Abs(hn::Sub(units, level)), setFloat(0.5F - doubt));
        if (HWY_UNLIKELY(!hn::AllFalse(FloatTag(), between))) {
            return quotientLevelOf(above, by);
        }
        return hn::Min(hn::Max(level, setFloat(problem_.first)), setFloat(problem_.last));
    }
    HWY_INLINE Float quotientLevelOf(Float above, const Division& by) const {
        const Float units = hn::Sub(hn::Div(above, by.divisor), setFloat(problem_.first));
        const Float clamped = hn::Min(hn::Max(units, setFloat(0)), setFloat(problem_.last - problem_.first));
        const auto index = hn::ConvertTo(WholeTag(), hn::Add(clamped, setFloat(0.5F)));
        return hn::Add(hn::ConvertTo(FloatTag(), index), setFloat(problem_.first));
    }

    HWY_INLINE const Double& exactError() {
        if (!isExact_) {
            exact_ = exactErrorOf(scale_, offset_);
            isExact_ = true;
        }
        return exact_;
    }

    /// As Grid::squaredError() adds it up.
    HWY_NOINLINE Double exactErrorOf(Float scale, Float offset) const {
        constexpr std::size_t parts = 8;
        const Division by(scale, offset);
        Double sums[parts] = {set(0), set(0), set(0), set(0), set(0), set(0), set(0), set(0)};
        const auto add = [&](std::size_t i, Double& sum) HWY_ATTR {
            const Float weight = weightAt(i);
            const Float decoded = hn::Add(offset, hn::Mul(scale, levelOf(weight, by)));
            const Double error = wide(weight) - wide(decoded);
            sum = sum + error * error;
        };
        const std::size_t whole = problem_.groupSize / parts * parts;
        for (std::size_t i = 0; i < whole; i += parts) {
#pragma GCC unroll 8
            for (std::size_t part = 0; part < parts; ++part) {
                add(i + part, sums[part]);
            }
        }
        for (std::size_t i = whole; i < problem_.groupSize; ++i) {
            add(i, sums[i - whole]);
        }
        return ((sums[0] + sums[1]) + (sums[2] + sums[3])) + ((sums[4] + sums[5]) + (sums[6] + sums[7]));
    }

    /// Sums in single precision; see isReliable().
    HWY_INLINE Float roughErrorOf(Float scale, Float offset) const {
        const Float inverse = hn::IfThenZeroElse(hn::Eq(scale, setFloat(0)), hn::Div(setFloat(1), scale));
        const Float first = setFloat(problem_.first);
        const Float last = setFloat(problem_.last);
        Float sums[4] = {setFloat(0), setFloat(0), setFloat(0), setFloat(0)};
        const auto add = [&](std::size_t i, Float& sum) HWY_ATTR {
            const Float above = hn::Sub(weightAt(i), offset);
            const Float level = hn::Round(hn::Min(hn::Max(hn::Mul(above, inverse), first), last));
            const Float error = hn::NegMulAdd(scale, level, above);
            sum = hn::MulAdd(error, error, sum);
        };
        std::size_t i = 0;
        for (; i + 4 <= problem_.groupSize; i += 4) {
            add(i, sums[0]);
            add(i + 1, sums[1]);
            add(i + 2, sums[2]);
            add(i + 3, sums[3]);
        }
        for (; i < problem_.groupSize; ++i) {
            add(i, sums[0]);
        }
        return hn::Add(hn::Add(sums[0], sums[1]), hn::Add(sums[2], sums[3]));
    }

    /// Where a rough error is right to 1e-5 or so: its squares are well within the range of single precision,
    /// and the typical error is far above the last digits of the numbers that it is a difference of.
    HWY_INLINE Lanes isReliable(Float rough, Float scale, Float offset) const {
        constexpr float digits = 0x1p-13F; // 2^11 times the rounding of a decoded value
        const float farthest = std::max(std::abs(problem_.first), std::abs(problem_.last));
        const Float size = hn::MulAdd(hn::Abs(scale), setFloat(farthest), hn::Abs(offset));
        const Float smallest = hn::Mul(size, setFloat(digits));
        const Float floor = hn::MulAdd(hn::Mul(smallest, smallest),
                                       setFloat(static_cast<float>(problem_.groupSize)), setFloat(1e-30F));
        return hn::And(hn::Gt(rough, floor), hn::Lt(rough, setFloat(1e37F)));
    }

    HWY_INLINE Float storableScale(const Double& low, const Double& high, Lanes wanted) const {
        const Float most = narrow(high);
        const Float least = narrow(low);
        const float steps = problem_.last - problem_.first;
        const Float span = hn::Mul(hn::Sub(most, least), setFloat(1 / steps));
        const Float scale = problem_.signedScale ? span : hn::Max(span, setFloat(0));
        const Float found = nearestFp16(scale);
        // What all roundings so far can amount to.
        const Float doubt = hn::Mul(hn::Max(hn::Abs(least), hn::Abs(most)), setFloat(0x1p-20F / steps));
        if (HWY_LIKELY(hn::AllFalse(FloatTag(), hn::AndNot(isNearest(found, scale, doubt), wanted)))) {
            return found;
        }
        return storableScale((high - low) / set(double{steps}));
    }
    /// With offsets the first level is 0.
    HWY_INLINE Float storableOffset(const Double& low) const {
        return problem_.hasOffset ? nearestFp16(narrow(low)) : setFloat(0);
    }
    /// The one that is stored for this one.
    HWY_INLINE Float storableScale(Double scale) const {
        constexpr double largest = std::numeric_limits<float>::max();
        return nearestFp16(narrow(clamp(scale, problem_.signedScale ? -largest : 0.0, largest)));
    }

    /// Neither the best again nor parameters with which the weights beyond the last levels alone cost more,
    /// by far more than rounding.
    HWY_INLINE Lanes isPromising(Float scale, Float offset) const {
        const Float one = hn::MulAdd(scale, setFloat(problem_.first), offset);
        const Float other = hn::MulAdd(scale, setFloat(problem_.last), offset);
        const Float below = hn::Max(hn::Sub(hn::Min(one, other), least_), setFloat(0));
        const Float above = hn::Max(hn::Sub(greatest_, hn::Max(one, other)), setFloat(0));
        const Float cost = hn::MulAdd(below, below, hn::Mul(above, above));
        const Lanes hopeless =
            hn::And(isReliable(rough_, scale_, offset_), hn::Gt(cost, hn::Mul(rough_, setFloat(1.02F))));
        const Lanes same = hn::And(hn::Eq(scale, scale_), hn::Eq(offset, offset_));
        return hn::Not(hn::Or(hopeless, same));
    }
    /// Makes parameters the best where they are better.
    HWY_INLINE Lanes consider(Float scale, Float offset, Lanes wanted) {
        constexpr float doubt = 1e-4F;
        wanted = hn::And(wanted, isPromising(scale, offset));
        if (hn::AllFalse(FloatTag(), wanted)) {
            return wanted;
        }
        const Float rough = roughErrorOf(scale, offset);
        const Lanes reliable = hn::And(isReliable(rough, scale, offset), isReliable(rough_, scale_, offset_));
        const Lanes worse = hn::And(reliable, hn::Gt(rough, hn::Mul(rough_, setFloat(1 + doubt))));
        Lanes better =
            hn::And(wanted, hn::And(reliable, hn::Lt(rough, hn::Mul(rough_, setFloat(1 - doubt)))));
        const Lanes open = hn::AndNot(hn::Or(worse, better), wanted);
        if (!hn::AllFalse(FloatTag(), open)) {
            const Double error = exactErrorOf(scale, offset);
            better = hn::Or(better, hn::And(open, error < exactError()));
            exact_ = choose(better, error, exact_);
        } else {
            isExact_ = isExact_ && hn::AllFalse(FloatTag(), better);
        }
        scale_ = hn::IfThenElse(better, scale, scale_);
        offset_ = hn::IfThenElse(better, offset, offset_);
        rough_ = hn::IfThenElse(better, rough, rough_);
        return better;
    }

    const SearchProblem& problem_;
    const float* weights_; ///< [groupSize, lanes]
    Float least_;
    Float greatest_;
    Double weightSum_;
    Float scale_;
    Float offset_;
    Float rough_;
    Double exact_; ///< the same error, where isExact_ in all lanes
    bool isExact_ = false;
    Lanes refitted_;
    Float refittedScale_;
    Float refittedOffset_;
};

} // namespace planish::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
