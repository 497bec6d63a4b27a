// SPDX-License-Identifier: GPL-3.0-or-later
#include "codec/scale_type.h"

#include "codec/number.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <cmath>
#include <cstring>

namespace planish {
namespace {

constexpr std::array<std::string_view, 3> names{"fp16", "bf16", "int8"};

/// With scales up to 2^119 and offsets up to 2^127, offset + 255·scale stays below 2^128.
constexpr double largestBf16Scale = 0x1p119;
constexpr double largestBf16Offset = 0x1p127;

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

} // namespace

std::string_view scaleTypeName(ScaleType type) {
    return names[static_cast<std::size_t>(type)];
}

std::optional<ScaleType> scaleTypeFromName(std::string_view name) {
    const auto* found = std::find(names.begin(), names.end(), name);
    if (found == names.end()) {
        return std::nullopt;
    }
    return static_cast<ScaleType>(found - names.begin());
}

StorableNumbers::StorableNumbers(ScaleType type, ParameterKind kind, double largest)
    : type_(type), kind_(kind) {
    if (type_ == ScaleType::int8) {
        const double wanted = largest / highestCode();
        unit_ = toFp16(saturated(wanted));
        if (fromFp16(unit_) < wanted && fromFp16(unit_) < largestFp16) {
            unit_ = neighbour(unit_, true);
        }
    }
}

double StorableNumbers::lowestCode() const {
    return kind_ == ParameterKind::scale ? 0 : -127;
}

double StorableNumbers::highestCode() const {
    return kind_ == ParameterKind::scale ? 255 : 127;
}

float StorableNumbers::fromCode(double code) const {
    return static_cast<float>(std::clamp(code, lowestCode(), highestCode())) * fromFp16(unit_);
}

float StorableNumbers::nearest(double value) const {
    if (kind_ == ParameterKind::scale) {
        value = std::max(value, 0.0);
    }
    switch (type_) {
    case ScaleType::fp16:
        return fromFp16(toFp16(saturated(value)));
    case ScaleType::bf16: {
        const double limit = kind_ == ParameterKind::offset ? largestBf16Offset : largestBf16Scale;
        return fromBf16(toBf16(saturated(std::clamp(value, -limit, limit))));
    }
    case ScaleType::int8:
        break;
    }
    return unit_ == 0 ? 0.0F : fromCode(std::nearbyint(value / fromFp16(unit_)));
}

float StorableNumbers::step(float number, bool up) const {
    switch (type_) {
    case ScaleType::fp16:
        return nearest(fromFp16(neighbour(toFp16(number), up)));
    case ScaleType::bf16:
        return nearest(fromBf16(neighbour(toBf16(number), up)));
    case ScaleType::int8:
        break;
    }
    return unit_ == 0 ? 0.0F : fromCode(std::nearbyint(number / fromFp16(unit_)) + (up ? 1 : -1));
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

std::size_t StorableNumbers::bytes(ScaleType type, std::size_t groups) {
    return type == ScaleType::int8 ? sizeof(std::uint16_t) + groups : sizeof(std::uint16_t) * groups;
}

void StorableNumbers::write(std::span<const float> numbers, std::span<std::byte> out) const {
    assert(out.size() == bytes(type_, numbers.size()));
    if (type_ != ScaleType::int8) {
        for (std::size_t i = 0; i < numbers.size(); ++i) {
            const std::uint16_t bits = type_ == ScaleType::fp16 ? toFp16(numbers[i]) : toBf16(numbers[i]);
            std::memcpy(out.data() + i * sizeof(bits), &bits, sizeof(bits));
        }
        return;
    }
    std::memcpy(out.data(), &unit_, sizeof(unit_));
    for (std::size_t i = 0; i < numbers.size(); ++i) {
        const long code = unit_ == 0 ? 0 : std::lround(numbers[i] / fromFp16(unit_));
        out[sizeof(unit_) + i] = static_cast<std::byte>(code & 0xff);
    }
}

void StorableNumbers::read(ScaleType type, ParameterKind kind, std::span<const std::byte> in,
                           std::span<float> numbers) {
    assert(in.size() == bytes(type, numbers.size()));
    std::uint16_t bits = 0;
    if (type != ScaleType::int8) {
        for (std::size_t i = 0; i < numbers.size(); ++i) {
            std::memcpy(&bits, in.data() + i * sizeof(bits), sizeof(bits));
            numbers[i] = type == ScaleType::fp16 ? fromFp16(bits) : fromBf16(bits);
        }
        return;
    }
    std::memcpy(&bits, in.data(), sizeof(bits));
    const float unit = fromFp16(bits);
    for (std::size_t i = 0; i < numbers.size(); ++i) {
        const auto code = static_cast<std::uint8_t>(in[sizeof(bits) + i]);
        const int value = kind == ParameterKind::scale ? code : static_cast<std::int8_t>(code);
        numbers[i] = static_cast<float>(value) * unit;
    }
}

} // namespace planish
