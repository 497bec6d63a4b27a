// SPDX-License-Identifier: GPL-3.0-or-later
#include "codec/encode_kernels.h"

#include "codec/number.h"

#include <algorithm>
#include <cassert>
#include <cstring>
#include <limits>

// foreach_target.h includes this file once for each target and must come before highway.h.
// clang-format off
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "codec/encode_kernels.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>
// clang-format on

HWY_BEFORE_NAMESPACE();
namespace planish::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;
using Tag = hn::ScalableTag<float>;
using Vector = hn::Vec<Tag>;
using Double = hn::ScalableTag<double>;
using Half = hn::Rebind<float, Double>; ///< as many floats as doubles
using HalfBits = hn::RebindToUnsigned<Half>;

void rangesOfImpl(const float* row, std::size_t columns, std::size_t groupSize, float* lows, float* highs) {
    const Tag d;
    const std::size_t lanes = hn::Lanes(d);
    for (std::size_t start = 0, group = 0; start < columns; start += groupSize, ++group) {
        const std::size_t end = std::min(columns, start + groupSize);
        float low = row[start];
        float high = row[start];
        std::size_t i = start;
        if (i + lanes <= end) {
            Vector least = hn::LoadU(d, row + i);
            Vector greatest = least;
            for (i += lanes; i + lanes <= end; i += lanes) {
                const Vector weights = hn::LoadU(d, row + i);
                least = hn::Min(least, weights);
                greatest = hn::Max(greatest, weights);
            }
            low = hn::GetLane(hn::MinOfLanes(d, least));
            high = hn::GetLane(hn::MaxOfLanes(d, greatest));
        }
        for (; i < end; ++i) {
            low = std::min(low, row[i]);
            high = std::max(high, row[i]);
        }
        lows[group] = low;
        highs[group] = high;
    }
}

/// The magnitude of the fp16 number near a float of this magnitude, at most one below the next one above it.
HWY_INLINE hn::Vec<HalfBits> magnitudeNear(hn::Vec<Half> magnitude) {
    const Half d;
    const auto scaled = hn::BitCast(HalfBits(), hn::Mul(magnitude, hn::Set(d, 0x1p-112F)));
    return hn::Min(hn::ShiftRight<13>(scaled), hn::Set(HalfBits(), 0x7bffU));
}

/// The float of an fp16 magnitude below infinity.
HWY_INLINE hn::Vec<Half> floatOf(hn::Vec<HalfBits> magnitude) {
    return hn::Mul(hn::BitCast(Half(), hn::ShiftLeft<13>(magnitude)), hn::Set(Half(), 0x1p112F));
}

/// magnitude + 1 where `wanted`, saturating.
HWY_INLINE hn::Vec<HalfBits> stepUp(hn::Vec<HalfBits> magnitude, hn::Vec<HalfBits> wanted) {
    return hn::Min(hn::Add(magnitude, wanted), hn::Set(HalfBits(), 0x7bffU));
}

HWY_INLINE hn::Vec<Half> atMost(hn::Vec<Half> value) {
    const Half d;
    const HalfBits bits;
    const auto one = hn::Set(bits, 1U);
    const auto magnitude = hn::Abs(value);
    const auto near = magnitudeNear(magnitude);
    const auto found = floatOf(near);
    const auto below = hn::IfThenElseZero(hn::RebindMask(bits, hn::Lt(found, magnitude)), one);
    const auto above = hn::IfThenElseZero(hn::RebindMask(bits, hn::Gt(found, magnitude)), one);
    const auto negative = hn::RebindMask(bits, hn::Lt(value, hn::Zero(d)));
    const auto chosen = hn::IfThenElse(negative, stepUp(near, below), hn::Sub(near, above));
    return hn::CopySign(floatOf(chosen), value);
}

HWY_INLINE hn::Vec<Half> atLeast(hn::Vec<Double> value) {
    const Double d;
    const hn::Rebind<std::int32_t, Double> whole;
    const auto near = magnitudeNear(hn::DemoteTo(Half(), value));
    const auto found = hn::PromoteTo(d, floatOf(near));
    const auto below = hn::IfThenElseZero(hn::Lt(found, value), hn::Set(d, 1.0));
    return floatOf(stepUp(near, hn::BitCast(HalfBits(), hn::DemoteTo(whole, below))));
}

/// As many groups as the vectors have lanes.
HWY_INLINE void coverVector(const float* lows, const float* highs, double last, float* parameters) {
    const Half d;
    const Double precise;
    const auto offset = atMost(hn::LoadU(d, lows));
    const auto reach = hn::Sub(hn::PromoteTo(precise, hn::LoadU(d, highs)), hn::PromoteTo(precise, offset));
    const auto scale = hn::Max(hn::Div(reach, hn::Set(precise, last)), hn::Zero(precise));
    // Adding 0 makes a negative zero a positive one.
    hn::StoreInterleaved2(atLeast(hn::Add(scale, hn::Zero(precise))), offset, d, parameters);
}

void coverRangesImpl(const float* lows, const float* highs, std::size_t count, double last,
                     GroupParameters* parameters) {
    static_assert(sizeof(GroupParameters) == 2 * sizeof(float));
    constexpr std::size_t most = HWY_MAX_BYTES / sizeof(double);
    const std::size_t lanes = hn::Lanes(Half());
    auto* out = reinterpret_cast<float*>(parameters);
    if (count < lanes) {
        float ends[2][most] = {};
        float found[2 * most];
        std::memcpy(ends[0], lows, count * sizeof(float));
        std::memcpy(ends[1], highs, count * sizeof(float));
        coverVector(ends[0], ends[1], last, found);
        std::memcpy(out, found, count * sizeof(GroupParameters));
        return;
    }
    for (std::size_t i = 0; i < count; i += lanes) {
        const std::size_t first = std::min(i, count - lanes);
        coverVector(lows + first, highs + first, last, out + 2 * first);
    }
}

/// Weights in units of their group's grid, above its first level, as indices.
struct NearestWhole {
    HWY_INLINE NearestWhole(GroupParameters parameters, float firstLevel, float highestIndex)
        : offset(hn::Set(Tag(), parameters.scale == 0 ? 0 : parameters.offset)),
          divisor(hn::Set(Tag(),
                          parameters.scale == 0 ? std::numeric_limits<float>::infinity() : parameters.scale)),
          first(hn::Set(Tag(), firstLevel)),
          highest(hn::Set(Tag(), highestIndex)) {}

    HWY_INLINE void operator()(const float* weights, std::uint8_t* indices) const {
        const Tag d;
        const hn::RebindToSigned<Tag> whole;
        const auto units = hn::Div(hn::Sub(hn::LoadU(d, weights), offset), divisor);
        const auto clamped = hn::Min(hn::Max(hn::Sub(units, first), hn::Zero(d)), highest);
        const auto index = hn::ConvertTo(whole, hn::Add(clamped, hn::Set(d, 0.5F)));
        const hn::Rebind<std::uint8_t, Tag> bytes;
        hn::StoreU(hn::DemoteTo(bytes, index), bytes, indices);
    }

    Vector offset;
    Vector divisor;
    Vector first;
    Vector highest;
};

/// Vectors may reach into the next groups, which come later and overwrite that.
void nearestWholeImpl(const GroupParameters* parameters, std::size_t groupSize, float first, float highest,
                      std::span<const float> weights, std::uint8_t* indices) {
    const std::size_t lanes = hn::Lanes(Tag());
    HWY_ALIGN float edge[HWY_MAX_BYTES / sizeof(float)] = {};
    HWY_ALIGN std::uint8_t edgeIndices[HWY_MAX_BYTES];
    const std::size_t columns = weights.size();
    for (std::size_t start = 0, group = 0; start < columns; start += groupSize, ++group) {
        const NearestWhole nearest(parameters[group], first, highest);
        const std::size_t end = std::min(columns, start + groupSize);
        std::size_t i = start;
        for (; i < end && i + lanes <= columns; i += lanes) {
            nearest(weights.data() + i, indices + i);
        }
        if (i < end) {
            std::memcpy(edge, weights.data() + i, (end - i) * sizeof(float));
            nearest(edge, edgeIndices);
            std::memcpy(indices + i, edgeIndices, end - i);
        }
    }
}

bool allFiniteImpl(std::span<const float> numbers) {
    const Tag d;
    const hn::RebindToUnsigned<Tag> bits;
    const auto exponent = hn::Set(bits, 0x7f800000U);
    auto greatest = hn::Zero(bits);
    const auto consider = [&](hn::Vec<Tag> some) {
        greatest = hn::Max(greatest, hn::And(hn::BitCast(bits, some), exponent));
    };
    std::size_t i = 0;
    for (; i + hn::Lanes(d) <= numbers.size(); i += hn::Lanes(d)) {
        consider(hn::LoadU(d, numbers.data() + i));
    }
    HWY_ALIGN float tail[HWY_MAX_BYTES / sizeof(float)] = {};
    std::copy(numbers.begin() + static_cast<std::ptrdiff_t>(i), numbers.end(), tail);
    consider(hn::Load(d, tail));
    return hn::AllTrue(bits, hn::Lt(greatest, exponent));
}

std::size_t fp16FromExactImpl(const float* numbers, std::byte* out, std::size_t count) {
    const Tag d;
    const hn::RebindToUnsigned<Tag> bits;
    const hn::RebindToSigned<Tag> whole;
    const hn::Rebind<std::uint16_t, Tag> halves;
    const std::size_t lanes = hn::Lanes(d);
    std::size_t i = 0;
    for (; i + lanes <= count; i += lanes) {
        const auto number = hn::LoadU(d, numbers + i);
        const auto scaled = hn::BitCast(bits, hn::Mul(hn::Abs(number), hn::Set(d, 0x1p-112F)));
        const auto sign = hn::And(hn::ShiftRight<16>(hn::BitCast(bits, number)), hn::Set(bits, 0x8000U));
        const auto half = hn::BitCast(whole, hn::Or(hn::ShiftRight<13>(scaled), sign));
        hn::StoreU(hn::DemoteTo(halves, half), halves,
                   reinterpret_cast<std::uint16_t*>(out + i * sizeof(std::uint16_t)));
    }
    return i;
}

} // namespace planish::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace planish {

HWY_EXPORT(rangesOfImpl);
HWY_EXPORT(coverRangesImpl);
HWY_EXPORT(nearestWholeImpl);
HWY_EXPORT(allFiniteImpl);
HWY_EXPORT(fp16FromExactImpl);

void rangesOf(std::span<const float> row, std::size_t groupSize, std::span<float> lows,
              std::span<float> highs) {
    HWY_DYNAMIC_DISPATCH(rangesOfImpl)(row.data(), row.size(), groupSize, lows.data(), highs.data());
}

void coverRanges(std::span<const float> lows, std::span<const float> highs, double last,
                 std::span<GroupParameters> parameters) {
    assert(lows.size() == parameters.size() && highs.size() == parameters.size());
    HWY_DYNAMIC_DISPATCH(coverRangesImpl)
    (lows.data(), highs.data(), parameters.size(), last, parameters.data());
}

void nearestWhole(std::span<const GroupParameters> parameters, std::size_t groupSize, float first,
                  float highest, std::span<const float> weights, std::uint8_t* indices) {
    HWY_DYNAMIC_DISPATCH(nearestWholeImpl)
    (parameters.data(), groupSize, first, highest, weights, indices);
}

bool allFinite(std::span<const float> numbers) {
    return HWY_DYNAMIC_DISPATCH(allFiniteImpl)(numbers);
}

void fp16FromExact(std::span<const float> numbers, std::span<std::byte> out) {
    assert(out.size() == numbers.size() * sizeof(std::uint16_t));
    for (std::size_t i = HWY_DYNAMIC_DISPATCH(fp16FromExactImpl)(numbers.data(), out.data(), numbers.size());
         i < numbers.size(); ++i) {
        const std::uint16_t bits = toFp16(numbers[i]);
        std::memcpy(out.data() + i * sizeof(bits), &bits, sizeof(bits));
    }
}

} // namespace planish
#endif
