// SPDX-License-Identifier: GPL-3.0-or-later
#include "codec/plain_layout.h"

#include "codec/bit_stream.h"
#include "codec/checked_size.h"
#include "codec/encode_kernels.h"
#include "codec/number.h"
#include "codec/value_kernels.h"

#include <cstring>
#include <vector>

namespace planish {
namespace {

constexpr std::size_t groupsPerInt6Unit = 8;

bool isCoded(ScaleType type) {
    return type == ScaleType::int8 || type == ScaleType::int6;
}

/// How the scales, or the offsets, of a row are stored.
class ParameterSection {
  public:
    ParameterSection(ScaleType type, ParameterKind kind)
        : type_(type), kind_(kind), bits_(type == ScaleType::int6 ? 6 : 8), signed_(isSigned(type, kind)) {}

    std::size_t bytes(std::size_t groups) const {
        return isCoded(type_)
                   ? checkedAdd(sizeof(std::uint16_t) * units(groups), bitStreamBytes(groups, bits_))
                   : checkedMultiply(sizeof(std::uint16_t), groups);
    }

    std::size_t groupsPerUnit(std::size_t groups) const {
        return type_ == ScaleType::int6 ? groupsPerInt6Unit : groups;
    }

    StorableNumbers numbers(NumberRange wanted) const {
        if (!isCoded(type_)) {
            return {type_ == ScaleType::fp16 ? StorableType::fp16 : StorableType::bf16, kind_};
        }
        const int count = 1 << bits_;
        return {signed_ ? CodeRange{-count / 2, count / 2 - 1} : CodeRange{0, count - 1}, wanted};
    }

    /// number(group) and storable(unit) say what to write.
    template <typename Number, typename Storable>
    void write(std::size_t groups, Number number, Storable storable, std::span<std::byte> out) const {
        if (type_ == ScaleType::fp16) {
            std::vector<float> numbers(groups);
            for (std::size_t group = 0; group < groups; ++group) {
                numbers[group] = number(group);
            }
            fp16FromExact(numbers, out);
            return;
        }
        if (type_ == ScaleType::bf16) {
            for (std::size_t group = 0; group < groups; ++group) {
                store(out, group, storable(0).half(number(group)));
            }
            return;
        }
        const std::size_t each = groupsPerUnit(groups);
        std::vector<std::uint8_t> codes(groups);
        for (std::size_t group = 0; group < groups; ++group) {
            const StorableNumbers& numbers = storable(group / each);
            store(out, group / each, numbers.unitBits());
            codes[group] = static_cast<std::uint8_t>(numbers.code(number(group)) & ((1 << bits_) - 1));
        }
        packBits(codes, bits_, out.subspan(sizeof(std::uint16_t) * units(groups)));
    }

    /// Calls take(group, number) for each group.
    template <typename Take>
    void read(std::span<const std::byte> in, std::size_t groups, Take take) const {
        if (type_ == ScaleType::fp16) {
            std::vector<float> numbers(groups);
            floatsFromFp16(in, numbers);
            for (std::size_t group = 0; group < groups; ++group) {
                take(group, numbers[group]);
            }
            return;
        }
        if (type_ == ScaleType::bf16) {
            for (std::size_t group = 0; group < groups; ++group) {
                take(group, fromBf16(load(in, group)));
            }
            return;
        }
        const std::size_t each = groupsPerUnit(groups);
        std::vector<std::uint8_t> codes(groups);
        unpackBits(in.subspan(sizeof(std::uint16_t) * units(groups)), bits_, codes);
        const int half = 1 << (bits_ - 1);
        for (std::size_t group = 0; group < groups; ++group) {
            const int code = signed_ && codes[group] >= half ? codes[group] - 2 * half : codes[group];
            take(group, static_cast<float>(code) * fromFp16(load(in, group / each)));
        }
    }

  private:
    static bool isSigned(ScaleType type, ParameterKind kind) {
        return kind == ParameterKind::signedScale ||
               (kind == ParameterKind::offset && type == ScaleType::int8);
    }

    static void store(std::span<std::byte> out, std::size_t index, std::uint16_t bits) {
        std::memcpy(out.data() + index * sizeof(bits), &bits, sizeof(bits));
    }

    static std::uint16_t load(std::span<const std::byte> in, std::size_t index) {
        std::uint16_t bits = 0;
        std::memcpy(&bits, in.data() + index * sizeof(bits), sizeof(bits));
        return bits;
    }

    std::size_t units(std::size_t groups) const {
        const std::size_t each = groupsPerUnit(groups);
        return groups / each + (groups % each == 0 ? 0 : 1);
    }

    ScaleType type_;
    ParameterKind kind_;
    int bits_;
    bool signed_;
};

class PlainLayout final : public RowLayout {
  public:
    PlainLayout(int bits, ScaleType type, ParameterKind scaleKind, StoredOffset offset)
        : bits_(bits),
          type_(type),
          scales_(type, scaleKind),
          offsets_(type, ParameterKind::offset),
          offset_(offset) {}

    std::size_t bytes(RowShape shape) const override {
        const std::size_t parameters = checkedAdd(scales_.bytes(shape.groups), offsetBytes(shape.groups));
        return checkedAdd(parameters, bitStreamBytes(shape.columns, bits_));
    }

    std::optional<std::size_t> groupsPerUnit(RowShape shape) const override {
        return isCoded(type_) ? std::optional(scales_.groupsPerUnit(shape.groups)) : std::nullopt;
    }

    StorableNumbers scales(NumberRange wanted) const override { return scales_.numbers(wanted); }
    StorableNumbers offsets(NumberRange wanted) const override { return offsets_.numbers(wanted); }

    void write(std::span<const StorableParameters> storable, std::span<const GroupParameters> parameters,
               std::span<const std::uint8_t> indices, std::span<std::byte> out) const override {
        const std::size_t groups = parameters.size();
        const auto parts = partsOf(out, groups);
        scales_.write(
            groups, [&](std::size_t group) { return parameters[group].scale; },
            [&](std::size_t unit) -> const StorableNumbers& { return storable[unit].scale; }, parts.scales);
        if (offset_ == StoredOffset::zeroPoint) {
            std::vector<std::uint8_t> zeroPoints(groups);
            for (std::size_t group = 0; group < groups; ++group) {
                zeroPoints[group] = static_cast<std::uint8_t>(parameters[group].zeroPoint(lastLevel()));
            }
            packBits(zeroPoints, bits_, parts.offsets);
        } else if (offset_ == StoredOffset::number) {
            offsets_.write(
                groups, [&](std::size_t group) { return parameters[group].offset; },
                [&](std::size_t unit) -> const StorableNumbers& { return *storable[unit].offset; },
                parts.offsets);
        }
        packBits(indices, bits_, parts.levels);
    }

    void read(std::span<const std::byte> in, std::span<GroupParameters> parameters,
              std::span<std::uint8_t> indices) const override {
        const std::size_t groups = parameters.size();
        const auto parts = partsOf(in, groups);
        scales_.read(parts.scales, groups,
                     [&](std::size_t group, float number) { parameters[group].scale = number; });
        if (offset_ == StoredOffset::zeroPoint) {
            std::vector<std::uint8_t> zeroPoints(groups);
            unpackBits(parts.offsets, bits_, zeroPoints);
            for (std::size_t group = 0; group < groups; ++group) {
                parameters[group] =
                    GroupParameters::withZeroPoint(parameters[group].scale, zeroPoints[group]);
            }
        } else if (offset_ == StoredOffset::number) {
            offsets_.read(parts.offsets, groups,
                          [&](std::size_t group, float number) { parameters[group].offset = number; });
        }
        unpackBits(parts.levels, bits_, indices);
    }

  private:
    template <typename Byte>
    struct Parts {
        std::span<Byte> scales;
        std::span<Byte> offsets;
        std::span<Byte> levels;
    };

    int lastLevel() const { return (1 << bits_) - 1; }

    std::size_t offsetBytes(std::size_t groups) const {
        switch (offset_) {
        case StoredOffset::none:
            return 0;
        case StoredOffset::number:
            return offsets_.bytes(groups);
        case StoredOffset::zeroPoint:
            break;
        }
        return bitStreamBytes(groups, bits_);
    }

    template <typename Byte>
    Parts<Byte> partsOf(std::span<Byte> row, std::size_t groups) const {
        const std::size_t scales = scales_.bytes(groups);
        const std::size_t offsets = offsetBytes(groups);
        return {row.first(scales), row.subspan(scales, offsets), row.subspan(scales + offsets)};
    }

    int bits_;
    ScaleType type_;
    ParameterSection scales_;
    ParameterSection offsets_;
    StoredOffset offset_;
};

} // namespace

std::unique_ptr<const RowLayout> makePlainLayout(int bits, ScaleType type, ParameterKind scaleKind,
                                                 StoredOffset offset) {
    return std::make_unique<const PlainLayout>(bits, type, scaleKind, offset);
}

} // namespace planish
