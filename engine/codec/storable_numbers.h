// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>

namespace planish {

/// What a parameter of a group is for: which numbers it may take.
enum class ParameterKind {
    scale,       ///< not negative
    signedScale, ///< of either sign
    offset,      ///< of either sign
};

/// Floats that parameters are stored in; fp32 is for those that are not stored yet.
enum class StorableType { fp16, bf16, fp32 };

/// The whole numbers a code can be; 0 is among them.
struct CodeRange {
    int lowest = 0;
    int highest = 0;
};

/// From the least to the greatest of some numbers.
struct NumberRange {
    double low = 0;
    double high = 0;
};

/// The numbers one kind of parameter of some groups can take once stored. Encoders choose among these only,
/// so that levels are the best ones for what decoding will really use. All are small enough that no decoded
/// weight overflows, whatever the encoder was given.
class StorableNumbers {
  public:
    /// Floats, one a group.
    StorableNumbers(StorableType type, ParameterKind kind);
    /// Codes that several groups multiply one fp16 unit with: the smallest unit, of either sign, with which
    /// the codes reach all of `wanted`. Codes of one sign cannot reach both; then they reach the negative
    /// numbers.
    StorableNumbers(CodeRange codes, NumberRange wanted);

    bool isCoded() const { return coded_; }
    bool isFp16() const { return !coded_ && type_ == StorableType::fp16; }
    float nearest(double value) const;
    /// The smallest storable magnitude that is not below that of `value`, saturating.
    float awayFromZero(double value) const;
    /// The largest storable number that is not above `value`, saturating.
    float atMost(double value) const;

    /// A storable fp16 or bf16 number as its bits.
    std::uint16_t half(float number) const;
    /// A storable number as its code.
    int code(float number) const;
    /// The unit of the codes, as the bits of its fp16; 0 when all numbers are 0.
    std::uint16_t unitBits() const { return unitBits_; }
    float unit() const;

  private:
    float fromCode(double code) const;
    float step(float number, bool up) const;

    bool coded_;
    StorableType type_ = StorableType::fp32;
    ParameterKind kind_ = ParameterKind::signedScale;
    CodeRange codes_;
    std::uint16_t unitBits_ = 0;
};

} // namespace planish
