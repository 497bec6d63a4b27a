// SPDX-License-Identifier: GPL-3.0-or-later
#include "codec/bit_kernels.h"

#include <cstring>
#include <span>

// foreach_target.h includes this file once for each target and must come before highway.h.
// clang-format off
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "codec/bit_kernels.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>
// clang-format on

HWY_BEFORE_NAMESPACE();
namespace planish::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;
using Bytes = hn::FixedTag<std::uint8_t, 16>;
using Pairs = hn::FixedTag<std::uint16_t, 8>;

HWY_INLINE hn::Vec<Bytes> loadBytes(const std::byte* in) {
    return hn::LoadU(Bytes(), reinterpret_cast<const std::uint8_t*>(in));
}

/// Where the numbers first, first + 2, … of sixteen lie: the two bytes of each, and the factor that moves it
/// to the top of them.
struct EverySecond {
    EverySecond(std::size_t first, std::size_t bits) {
        HWY_ALIGN std::uint8_t at[16];
        HWY_ALIGN std::uint16_t factors[8];
        for (std::size_t i = 0; i < 8; ++i) {
            const std::size_t bit = (first + 2 * i) * bits;
            at[2 * i] = static_cast<std::uint8_t>(bit / 8);
            at[2 * i + 1] = static_cast<std::uint8_t>(bit / 8 + 1);
            factors[i] = static_cast<std::uint16_t>(1U << (16 - bits - bit % 8));
        }
        bytes = hn::Load(Bytes(), at);
        factor = hn::Load(Pairs(), factors);
    }

    HWY_INLINE hn::Vec<Pairs> of(hn::Vec<Bytes> in, int discard) const {
        const auto pairs = hn::BitCast(Pairs(), hn::TableLookupBytes(in, bytes));
        return hn::ShiftRightSame(hn::Mul(pairs, factor), discard);
    }

    hn::Vec<Bytes> bytes;
    hn::Vec<Pairs> factor;
};

/// Eight numbers in each lane: neighbours are joined three times, to pairs, to fours, to all eight. Of two
/// lanes the bytes that are full are brought together.
std::size_t packVectorsImpl(std::span<const std::uint8_t> numbers, int bits, std::span<std::byte> out) {
    const hn::ScalableTag<std::uint64_t> words;
    const hn::Repartition<std::uint8_t, decltype(words)> bytes;
    constexpr std::size_t block = 16;
    const auto width = static_cast<std::size_t>(bits);
    HWY_ALIGN std::uint8_t full[HWY_MAX_BYTES] = {};
    for (std::size_t i = 0; i < hn::Lanes(bytes); ++i) {
        const std::size_t place = i % block;
        full[i] = static_cast<std::uint8_t>(place < width ? place : (place + 8 - width) % block);
    }
    const auto together = hn::Load(bytes, full);
    const auto join = [&](hn::Vec<decltype(words)> lanes, std::uint64_t low, int shift) {
        const auto mask = hn::Set(words, low);
        return hn::Or(hn::And(lanes, mask), hn::ShiftRightSame(hn::AndNot(mask, lanes), shift));
    };
    const std::size_t each = hn::Lanes(bytes);
    const std::size_t reach = (each / 8 - 2) * width + block; // of what is written at once
    HWY_ALIGN std::uint8_t joined[HWY_MAX_BYTES];
    std::size_t done = 0;
    for (std::size_t at = 0; done + each <= numbers.size() && at + reach <= out.size();
         done += each, at += each / 8 * width) {
        auto lanes = hn::BitCast(words, hn::LoadU(bytes, numbers.data() + done));
        lanes = join(lanes, 0x00ff00ff00ff00ffU, 8 - bits);
        lanes = join(lanes, 0x0000ffff0000ffffU, 16 - 2 * bits);
        lanes = join(lanes, 0x00000000ffffffffU, 32 - 4 * bits);
        hn::Store(hn::TableLookupBytes(hn::BitCast(bytes, lanes), together), bytes, joined);
        for (std::size_t i = 0; i < each; i += block) {
            std::memcpy(out.data() + at + i / 8 * width, joined + i, block);
        }
    }
    return done;
}

std::size_t unpackVectorsImpl(const std::byte* in, std::size_t size, int bits, std::uint8_t* numbers,
                              std::size_t count) {
    constexpr std::size_t each = 16;
    const auto width = static_cast<std::size_t>(bits);
    const EverySecond even(0, width);
    const EverySecond odd(1, width);
    std::size_t done = 0;
    for (std::size_t at = 0; at + each <= size && done + each <= count; at += 2 * width, done += each) {
        const auto bytes = loadBytes(in + at);
        const auto low = even.of(bytes, 16 - bits);
        const auto high = hn::ShiftLeft<8>(odd.of(bytes, 16 - bits));
        hn::StoreU(hn::BitCast(Bytes(), hn::Or(low, high)), Bytes(), numbers + done);
    }
    return done;
}

/// Gives sixteen numbers the bits that a plane has of them: the first plane as they are, others beside those
/// that are there.
HWY_INLINE void put(hn::Vec<Bytes> bits, bool first, std::uint8_t* numbers) {
    const Bytes d;
    hn::StoreU(first ? bits : hn::Or(bits, hn::LoadU(d, numbers)), d, numbers);
}

/// Single bits in order: those of two bytes for sixteen numbers.
HWY_INLINE void readBits(const BitPlane& plane, const PackedBlocks& blocks, bool first) {
    const Bytes d;
    HWY_ALIGN constexpr std::uint8_t ofEight[16] = {0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1};
    HWY_ALIGN constexpr std::uint8_t bit[16] = {1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128};
    const auto spread = hn::Load(d, ofEight);
    const auto select = hn::Load(d, bit);
    const auto value = hn::Set(d, static_cast<std::uint8_t>(1U << plane.low));
    for (std::size_t block = 0; block < blocks.count; ++block) {
        for (std::size_t i = 0; i < blocks.numbersEach; i += 16) {
            std::uint16_t two = 0;
            std::memcpy(&two, blocks.in + block * blocks.bytesEach + plane.at + i / 8, sizeof(two));
            const auto bytes = hn::TableLookupBytes(hn::BitCast(d, hn::Set(Pairs(), two)), spread);
            put(hn::IfThenElseZero(hn::TestBit(bytes, select), value), first,
                blocks.numbers + block * blocks.numbersEach + i);
        }
    }
}

HWY_INLINE void readRuns(const BitPlane& plane, const PackedBlocks& blocks, bool first) {
    const Bytes d;
    const Pairs pairs;
    const auto mask = hn::Set(d, static_cast<std::uint8_t>((1U << plane.bits) - 1U));
    const auto flip = hn::Set(d, static_cast<std::uint8_t>(plane.flip));
    const int low = static_cast<int>(plane.low);
    std::uint8_t* out = blocks.numbers;
    for (std::size_t block = 0; block < blocks.count; ++block) {
        const std::byte* in = blocks.in + block * blocks.bytesEach + plane.at;
        int chunkShift = static_cast<int>(plane.shift);
        for (std::size_t chunk = 0; chunk < blocks.numbersEach; chunk += plane.chunk) {
            int shift = chunkShift;
            for (std::size_t run = 0; run < plane.chunk; run += plane.stride) {
                for (std::size_t i = 0; i < plane.stride; i += 16, out += 16) {
                    const auto bytes = hn::BitCast(pairs, loadBytes(in + i));
                    const auto shifted = hn::BitCast(d, hn::ShiftRightSame(bytes, shift));
                    const auto bits = hn::BitCast(pairs, hn::Xor(hn::And(shifted, mask), flip));
                    put(hn::BitCast(d, hn::ShiftLeftSame(bits, low)), first, out);
                }
                shift += static_cast<int>(plane.bits);
            }
            in += plane.step;
            chunkShift += static_cast<int>(plane.chunkShift);
        }
    }
}

void readPlaneVectorsImpl(std::span<const BitPlane> planes, const PackedBlocks& blocks) {
    for (std::size_t i = 0; i < planes.size(); ++i) {
        if (planes[i].stride == 1) {
            readBits(planes[i], blocks, i == 0);
        } else {
            readRuns(planes[i], blocks, i == 0);
        }
    }
}

} // namespace planish::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace planish {

HWY_EXPORT(packVectorsImpl);
HWY_EXPORT(unpackVectorsImpl);
HWY_EXPORT(readPlaneVectorsImpl);

std::size_t packVectors(std::span<const std::uint8_t> numbers, int bits, std::span<std::byte> out) {
    return HWY_DYNAMIC_DISPATCH(packVectorsImpl)(numbers, bits, out);
}

std::size_t unpackVectors(std::span<const std::byte> in, int bits, std::uint8_t* numbers, std::size_t count) {
    return HWY_DYNAMIC_DISPATCH(unpackVectorsImpl)(in.data(), in.size(), bits, numbers, count);
}

bool hasPlaneVectors(const BitPlane& plane) {
    const bool bitByBit = plane.stride == 1 && plane.bits == 1 && plane.chunk == 8 && plane.step == 1 &&
                          plane.shift == 0 && plane.chunkShift == 0 && plane.flip == 0;
    return bitByBit || plane.stride % 16 == 0;
}

void readPlaneVectors(std::span<const BitPlane> planes, const PackedBlocks& blocks) {
    HWY_DYNAMIC_DISPATCH(readPlaneVectorsImpl)(planes, blocks);
}

} // namespace planish
#endif
