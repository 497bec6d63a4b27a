// SPDX-License-Identifier: GPL-3.0-or-later
#include "codec/bit_stream.h"

#include "codec/bit_kernels.h"
#include "codec/checked_size.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cassert>
#include <cstring>
#include <utility>

namespace planish {
namespace {

static_assert(std::endian::native == std::endian::little, "packed rows are read as little-endian words");

/// Eight numbers fill exactly `bits` bytes, whatever the width.
constexpr std::size_t octet = 8;

/// Neighbours are joined three times: to pairs, to fours, to all eight.
std::uint64_t joinOctet(const std::uint8_t* levels, std::size_t bits) {
    std::uint64_t word = 0;
    std::memcpy(&word, levels, sizeof(word));
    word = (word & 0x00ff00ff00ff00ffU) | (word & 0xff00ff00ff00ff00U) >> (8 - bits);
    word = (word & 0x0000ffff0000ffffU) | (word & 0xffff0000ffff0000U) >> (16 - 2 * bits);
    return (word & 0x00000000ffffffffU) | (word & 0xffffffff00000000U) >> (32 - 4 * bits);
}

template <std::size_t bits>
void unpackOctet(const std::byte* in, std::uint8_t* levels) {
    std::uint64_t word = 0;
    std::memcpy(&word, in, bits);
    for (std::size_t i = 0; i < octet; ++i) {
        levels[i] = static_cast<std::uint8_t>((word >> (i * bits)) & ((1U << bits) - 1U));
    }
}

template <std::size_t bits>
void unpackRow(std::span<const std::byte> in, std::span<std::uint8_t> levels) {
    const std::size_t whole = levels.size() / octet;
    for (std::size_t i = unpackVectors(in, bits, levels.data(), levels.size()) / octet; i < whole; ++i) {
        unpackOctet<bits>(in.data() + i * bits, levels.data() + i * octet);
    }
    const std::size_t tail = levels.size() - whole * octet;
    if (tail > 0) {
        std::array<std::byte, octet> bytes{};
        std::array<std::uint8_t, octet> last{};
        std::memcpy(bytes.data(), in.data() + whole * bits, (tail * bits + 7) / 8);
        unpackOctet<bits>(bytes.data(), last.data());
        std::copy_n(last.data(), tail, levels.data() + whole * octet);
    }
}

/// As many numbers as have four bytes from their first one on.
template <std::size_t bits>
std::size_t unpackWide(std::span<const std::byte> in, std::span<std::uint16_t> numbers) {
    constexpr std::uint32_t mask = (1U << bits) - 1U;
    std::size_t done = 0;
    for (std::size_t at = 0; done + octet <= numbers.size() && at + bits + sizeof(mask) <= in.size();
         at += bits, done += octet) {
        for (std::size_t i = 0; i < octet; ++i) {
            std::uint32_t word = 0;
            std::memcpy(&word, in.data() + at + i * bits / 8, sizeof(word));
            numbers[done + i] = static_cast<std::uint16_t>((word >> (i * bits % 8)) & mask);
        }
    }
    return done;
}

template <std::size_t... bits>
std::size_t unpackWide(std::span<const std::byte> in, int width, std::span<std::uint16_t> numbers,
                       std::index_sequence<bits...>) {
    std::size_t done = 0;
    ((static_cast<int>(bits + 1) == width ? void(done = unpackWide<bits + 1>(in, numbers)) : void()), ...);
    return done;
}

} // namespace

std::size_t bitStreamBytes(std::size_t columns, int bits) {
    const auto width = static_cast<std::size_t>(bits);
    return checkedAdd(checkedMultiply(columns / octet, width), (columns % octet * width + 7) / 8);
}

void packBits(std::span<const std::uint8_t> levels, int bits, std::span<std::byte> out) {
    assert(out.size() == bitStreamBytes(levels.size(), bits));
    const auto width = static_cast<std::size_t>(bits);
    const std::size_t whole = levels.size() / octet;
    std::size_t i = bits < 8 ? packVectors(levels, bits, out) / octet : 0;
    // What a word has beyond its bits is overwritten by the next one.
    for (; i < whole && i * width + octet <= out.size(); ++i) {
        const std::uint64_t word = joinOctet(levels.data() + i * octet, width);
        std::memcpy(out.data() + i * width, &word, sizeof(word));
    }
    for (; i < whole; ++i) {
        const std::uint64_t word = joinOctet(levels.data() + i * octet, width);
        std::memcpy(out.data() + i * width, &word, width);
    }
    const std::size_t tail = levels.size() - whole * octet;
    if (tail > 0) {
        std::array<std::uint8_t, octet> last{};
        std::copy_n(levels.data() + whole * octet, tail, last.data());
        const std::uint64_t word = joinOctet(last.data(), width);
        std::memcpy(out.data() + whole * width, &word, (tail * width + 7) / 8);
    }
}

void unpackBits(std::span<const std::byte> in, int bits, std::span<std::uint8_t> levels) {
    assert(in.size() == bitStreamBytes(levels.size(), bits));
    switch (bits) {
    case 2:
        return unpackRow<2>(in, levels);
    case 3:
        return unpackRow<3>(in, levels);
    case 4:
        return unpackRow<4>(in, levels);
    case 5:
        return unpackRow<5>(in, levels);
    case 6:
        return unpackRow<6>(in, levels);
    case 7:
        return unpackRow<7>(in, levels);
    case 8:
        std::memcpy(levels.data(), in.data(), in.size());
        return;
    default:
        assert(false && "bit streams hold numbers of 2 to 8 bits");
    }
}

void packBits(std::span<const std::uint16_t> numbers, int bits, std::span<std::byte> out) {
    assert(out.size() == bitStreamBytes(numbers.size(), bits));
    std::uint32_t held = 0;
    int count = 0;
    std::size_t at = 0;
    for (const std::uint16_t number : numbers) {
        held |= static_cast<std::uint32_t>(number) << count;
        for (count += bits; count >= 8; count -= 8, held >>= 8) {
            out[at++] = static_cast<std::byte>(held & 0xffU);
        }
    }
    if (count > 0) {
        out[at] = static_cast<std::byte>(held);
    }
}

void unpackBits(std::span<const std::byte> in, int bits, std::span<std::uint16_t> numbers) {
    assert(in.size() == bitStreamBytes(numbers.size(), bits));
    const std::uint32_t mask = (1U << bits) - 1U;
    const std::size_t done = unpackWide(in, bits, numbers, std::make_index_sequence<16>());
    std::uint32_t held = 0;
    int count = 0;
    std::size_t at = done / octet * static_cast<std::size_t>(bits);
    for (std::uint16_t& number : numbers.subspan(done)) {
        for (; count < bits; count += 8) {
            held |= static_cast<std::uint32_t>(in[at++]) << count;
        }
        number = static_cast<std::uint16_t>(held & mask);
        held >>= bits;
        count -= bits;
    }
}

} // namespace planish
