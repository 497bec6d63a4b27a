// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace planish {

/// How the parameters of groups are stored.
enum class ScaleType {
    fp16,
    bf16,
    int8, ///< 8-bit whole multiples of one fp16 unit a row
};

std::string_view scaleTypeName(ScaleType type);
std::optional<ScaleType> scaleTypeFromName(std::string_view name);

/// What a parameter is for: which numbers it may take.
enum class ParameterKind {
    scale,       ///< not negative
    signedScale, ///< of either sign
    offset,      ///< of either sign
};

/// The numbers one kind of parameter of one row can take once stored. Encoders choose among these only, so
/// that levels are the best ones for what decoding will really use. All are small enough that no decoded
/// weight overflows, whatever the encoder was given.
///
/// Layout in a packed row: fp16 and bf16 one 16-bit number a group; int8 the fp16 unit, then one byte a group
/// (0…255 for scales, two's complement for the signed kinds).
class StorableNumbers {
  public:
    /// `largest` is the greatest magnitude the row will ask for; only int8 needs it, for its unit.
    StorableNumbers(ScaleType type, ParameterKind kind, double largest);

    float nearest(double value) const;
    /// The smallest storable magnitude that is not below that of `value`, saturating.
    float awayFromZero(double value) const;
    /// The largest storable number that is not above `value`, saturating.
    float atMost(double value) const;

    /// Bytes one row takes.
    static std::size_t bytes(ScaleType type, std::size_t groups);
    /// Writes one number a group; each must be storable.
    void write(std::span<const float> numbers, std::span<std::byte> out) const;
    static void read(ScaleType type, ParameterKind kind, std::span<const std::byte> in,
                     std::span<float> numbers);

  private:
    double lowestCode() const;
    double highestCode() const;
    float fromCode(double code) const;
    float step(float number, bool up) const;

    ScaleType type_;
    ParameterKind kind_;
    std::uint16_t unit_ = 0; ///< fp16, int8 only
};

} // namespace planish
