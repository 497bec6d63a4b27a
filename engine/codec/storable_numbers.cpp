// SPDX-License-Identifier: GPL-3.0-or-later
#include "codec/storable_numbers.h"

#include "codec/number.h"

#include <algorithm>
#include <cassert>
#include <cmath>

namespace planish {
namespace {

/// For the floats of a wide range: with scales up to 2^119 and offsets up to 2^127, offset + 255·scale stays
/// below 2^128.
constexpr double largestScale = 0x1p119;
constexpr double largestOffset = 0x1p127;

float saturated(double value) {
    constexpr double limit = 0x1.fffffep127;
    return static_cast<float>(std::clamp(value, -limit, limit));
}

/// The next 16-bit number above or below; fp16 and bf16 are both sign and magnitude.
std::uint16_t neighbour(std::uint16_t bits, bool up) {
    const bool negative = (bits & 0x8000U) != 0;
    const unsigned magnitude = bits & 0x7fffU;
    if (magnitude == 0) {
        return static_cast<std::uint16_t>(up ? 0x0001U : 0x8001U);
    }
    return static_cast<std::uint16_t>(negative == up ? bits - 1U : bits + 1U);
}

/// The smallest multiple of a code `end` that reaches `value`; 0 for values on the other side of zero.
double unitToReach(double value, int end) {
    if (value == 0 || (end != 0 && (value > 0) != (end > 0))) {
        return 0;
    }
    return end == 0 ? HUGE_VAL : value / end;
}

/// The unit to reach both ends of `wanted`, upright (1) or mirrored (−1).
double unitFor(CodeRange codes, NumberRange wanted, int orientation) {
    const double low = orientation > 0 ? wanted.low : -wanted.high;
    const double high = orientation > 0 ? wanted.high : -wanted.low;
    return std::max(unitToReach(std::min(low, 0.0), codes.lowest),
                    unitToReach(std::max(high, 0.0), codes.highest));
}

/// The fp16 number nearest to `unit` that is not below it, saturating.
std::uint16_t unitBitsFor(double unit) {
    const std::uint16_t bits = toFp16(saturated(unit));
    return fromFp16(bits) < unit && fromFp16(bits) < largestFp16 ? neighbour(bits, true) : bits;
}

} // namespace

StorableNumbers::StorableNumbers(StorableType type, ParameterKind kind)
    : coded_(false), type_(type), kind_(kind) {}

StorableNumbers::StorableNumbers(CodeRange codes, NumberRange wanted)
    : coded_(true),
      kind_(codes.lowest == 0 && wanted.low >= 0 ? ParameterKind::scale : ParameterKind::signedScale),
      codes_(codes) {
    if (codes.lowest == 0 && wanted.low < 0) {
        wanted.high = 0;
    }
    const double upright = unitFor(codes, wanted, 1);
    const double mirrored = unitFor(codes, wanted, -1);
    unitBits_ = unitBitsFor(std::min(upright, mirrored));
    if (mirrored < upright && unitBits_ != 0) {
        unitBits_ = static_cast<std::uint16_t>(unitBits_ | 0x8000U);
    }
}

float StorableNumbers::unit() const {
    return fromFp16(unitBits_);
}

float StorableNumbers::fromCode(double code) const {
    return static_cast<float>(std::clamp(code, double(codes_.lowest), double(codes_.highest))) * unit();
}

float StorableNumbers::nearest(double value) const {
    if (coded_) {
        return unitBits_ == 0 ? 0.0F : fromCode(std::nearbyint(value / unit()));
    }
    if (kind_ == ParameterKind::scale) {
        value = std::max(value, 0.0);
    }
    if (type_ == StorableType::fp16) {
        return fromFp16(toFp16(saturated(value)));
    }
    const double limit = kind_ == ParameterKind::offset ? largestOffset : largestScale;
    const auto number = static_cast<float>(std::clamp(value, -limit, limit));
    return type_ == StorableType::bf16 ? fromBf16(toBf16(number)) : number;
}

float StorableNumbers::step(float number, bool up) const {
    if (coded_) {
        return unitBits_ == 0 ? 0.0F : fromCode(code(number) + (up == (unit() > 0) ? 1 : -1));
    }
    switch (type_) {
    case StorableType::fp16:
        return nearest(fromFp16(neighbour(toFp16(number), up)));
    case StorableType::bf16:
        return nearest(fromBf16(neighbour(toBf16(number), up)));
    case StorableType::fp32:
        break;
    }
    return nearest(std::nextafter(number, up ? HUGE_VALF : -HUGE_VALF));
}

float StorableNumbers::awayFromZero(double value) const {
    const float number = nearest(value);
    return std::fabs(number) < std::fabs(value) && !(kind_ == ParameterKind::scale && value < 0)
               ? step(number, value > 0)
               : number;
}

float StorableNumbers::atMost(double value) const {
    const float number = nearest(value);
    return number > value ? step(number, false) : number;
}

std::uint16_t StorableNumbers::half(float number) const {
    assert(!coded_ && type_ != StorableType::fp32);
    return type_ == StorableType::fp16 ? toFp16(number) : toBf16(number);
}

int StorableNumbers::code(float number) const {
    assert(coded_);
    return unitBits_ == 0 ? 0 : static_cast<int>(std::lround(number / unit()));
}

} // namespace planish
