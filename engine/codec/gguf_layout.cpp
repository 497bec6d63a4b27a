// SPDX-License-Identifier: GPL-3.0-or-later
#include "codec/gguf_layout.h"

#include "codec/bit_kernels.h"
#include "codec/checked_size.h"
#include "codec/number.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

namespace planish {
namespace {

constexpr std::size_t mostGroups = 16;

/// Calls body(first number, first byte, shift) for every run of `stride` numbers.
template <typename Body>
void forEachRun(const BitPlane& plane, std::size_t count, Body body) {
    for (std::size_t chunk = 0; chunk * plane.chunk < count; ++chunk) {
        const unsigned shift = plane.shift + static_cast<unsigned>(chunk) * plane.chunkShift;
        for (std::size_t run = 0; run * plane.stride < plane.chunk; ++run) {
            body(chunk * plane.chunk + run * plane.stride, plane.at + chunk * plane.step,
                 shift + static_cast<unsigned>(run) * plane.bits);
        }
    }
}

void readPlanes(std::span<const BitPlane> planes, const std::byte* block, std::span<std::uint8_t> numbers) {
    std::fill(numbers.begin(), numbers.end(), std::uint8_t{0});
    for (const BitPlane& plane : planes) {
        const unsigned mask = (1U << plane.bits) - 1U;
        forEachRun(plane, numbers.size(), [&](std::size_t first, std::size_t at, unsigned shift) {
            std::uint8_t* out = numbers.data() + first;
            const std::byte* in = block + at;
            for (std::size_t i = 0; i < plane.stride; ++i) {
                const unsigned bits = ((static_cast<unsigned>(in[i]) >> shift) & mask) ^ plane.flip;
                out[i] = static_cast<std::uint8_t>(out[i] | bits << plane.low);
            }
        });
    }
}

/// The bits that numbers take must be 0 before.
void writePlanes(std::span<const BitPlane> planes, std::span<const std::uint8_t> numbers, std::byte* block) {
    for (const BitPlane& plane : planes) {
        const unsigned mask = (1U << plane.bits) - 1U;
        forEachRun(plane, numbers.size(), [&](std::size_t first, std::size_t at, unsigned shift) {
            const std::uint8_t* in = numbers.data() + first;
            std::byte* out = block + at;
            for (std::size_t i = 0; i < plane.stride; ++i) {
                const unsigned bits = ((unsigned{in[i]} >> plane.low) & mask) ^ plane.flip;
                out[i] |= static_cast<std::byte>(bits << shift);
            }
        });
    }
}

void store(std::byte* out, std::uint16_t bits) {
    std::memcpy(out, &bits, sizeof(bits));
}

std::uint16_t load(const std::byte* in) {
    std::uint16_t bits = 0;
    std::memcpy(&bits, in, sizeof(bits));
    return bits;
}

class GgufLayout final : public RowLayout {
  public:
    GgufLayout(GgufBlock block, ParameterKind scaleKind)
        : block_(std::move(block)),
          scaleKind_(scaleKind),
          hasVectors_(std::all_of(block_.levels.begin(), block_.levels.end(), hasPlaneVectors)) {}

    std::size_t bytes(RowShape shape) const override {
        if (shape.columns % block_.weights != 0) {
            throw Error(fmt::format("{} stores rows of a multiple of {} weights, not of {}", block_.name,
                                    block_.weights, shape.columns));
        }
        return checkedMultiply(shape.columns / block_.weights, block_.bytes);
    }

    std::optional<std::size_t> groupsPerUnit(RowShape) const override {
        return isCoded() ? std::optional(block_.groups) : std::nullopt;
    }

    StorableNumbers scales(NumberRange wanted) const override {
        return isCoded() ? StorableNumbers(block_.scaleCodes, wanted)
                         : StorableNumbers(StorableType::fp16, scaleKind_);
    }

    StorableNumbers offsets(NumberRange wanted) const override {
        return isCoded() ? StorableNumbers(block_.offsetCodes, wanted)
                         : StorableNumbers(StorableType::fp16, ParameterKind::offset);
    }

    void write(std::span<const StorableParameters> storable, std::span<const GroupParameters> parameters,
               std::span<const std::uint8_t> indices, std::span<std::byte> out) const override {
        std::fill(out.begin(), out.end(), std::byte{0});
        for (std::size_t i = 0; i * block_.weights < indices.size(); ++i) {
            std::byte* block = out.data() + i * block_.bytes;
            const auto groups = parameters.subspan(i * block_.groups, block_.groups);
            if (isCoded()) {
                writeCodes(storable[i], groups, block);
            } else {
                writeNumbers(storable[0], groups[0], block);
            }
            writePlanes(block_.levels, indices.subspan(i * block_.weights, block_.weights), block);
        }
    }

    void read(std::span<const std::byte> in, std::span<GroupParameters> parameters,
              std::span<std::uint8_t> indices) const override {
        const std::size_t blocks = indices.size() / block_.weights;
        if (hasVectors_) {
            readPlaneVectors(block_.levels,
                             {in.data(), blocks, block_.bytes, block_.weights, indices.data()});
        }
        for (std::size_t i = 0; i < blocks; ++i) {
            const std::byte* block = in.data() + i * block_.bytes;
            readParameters(block, parameters.subspan(i * block_.groups, block_.groups));
            if (!hasVectors_) {
                readPlanes(block_.levels, block, indices.subspan(i * block_.weights, block_.weights));
            }
        }
    }

  private:
    using Codes = std::array<std::uint8_t, mostGroups>;

    bool isCoded() const { return !block_.scalePlanes.empty(); }

    void writeNumbers(const StorableParameters& storable, GroupParameters group, std::byte* block) const {
        store(block + block_.scaleAt, storable.scale.half(group.scale));
        if (block_.offsetAt) {
            store(block + *block_.offsetAt, storable.offset->half(group.offset));
        }
    }

    void writeCodes(const StorableParameters& storable, std::span<const GroupParameters> groups,
                    std::byte* block) const {
        Codes codes{};
        for (std::size_t i = 0; i < groups.size(); ++i) {
            const int code = storable.scale.code(groups[i].scale) - block_.scaleCodes.lowest;
            codes[i] = static_cast<std::uint8_t>(code);
        }
        store(block + block_.scaleAt, storable.scale.unitBits());
        writePlanes(block_.scalePlanes, std::span(codes).first(groups.size()), block);
        if (block_.offsetAt) {
            for (std::size_t i = 0; i < groups.size(); ++i) {
                codes[i] = static_cast<std::uint8_t>(storable.offset->code(groups[i].offset));
            }
            // The block subtracts its offsets.
            store(block + *block_.offsetAt, storable.offset->unitBits() ^ signBit);
            writePlanes(block_.offsetPlanes, std::span(codes).first(groups.size()), block);
        }
    }

    void readParameters(const std::byte* block, std::span<GroupParameters> groups) const {
        const float scale = fromFp16(load(block + block_.scaleAt));
        // Adding a negative zero changes nothing, not even the sign of a zero.
        const float offset = block_.offsetAt ? fromFp16(load(block + *block_.offsetAt)) : -0.0F;
        if (!isCoded()) {
            groups[0] = {scale, offset};
            return;
        }
        Codes codes{};
        readPlanes(block_.scalePlanes, block, std::span(codes).first(groups.size()));
        for (std::size_t i = 0; i < groups.size(); ++i) {
            groups[i] = {scale * static_cast<float>(codes[i] + block_.scaleCodes.lowest), offset};
        }
        if (block_.offsetAt) {
            readPlanes(block_.offsetPlanes, block, std::span(codes).first(groups.size()));
            for (std::size_t i = 0; i < groups.size(); ++i) {
                groups[i].offset = -(offset * static_cast<float>(codes[i]));
            }
        }
    }

    static constexpr std::uint16_t signBit = 0x8000;

    GgufBlock block_;
    ParameterKind scaleKind_;
    bool hasVectors_;
};

} // namespace

std::unique_ptr<const RowLayout> makeGgufLayout(GgufBlock block, ParameterKind scaleKind) {
    return std::make_unique<const GgufLayout>(std::move(block), scaleKind);
}

} // namespace planish
