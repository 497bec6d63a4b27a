// SPDX-License-Identifier: GPL-3.0-or-later
#include "codec/symbol_table.h"

#include "support/error.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <numeric>

namespace planish {
namespace {

constexpr int lengthBits = 4;

/// Bits of a stream, lowest first.
class BitReader {
  public:
    explicit BitReader(std::span<const std::byte> bytes) : bytes_(bytes) {}

    std::uint32_t read(int bits) {
        std::uint32_t value = 0;
        for (int i = 0; i < bits; ++i, ++at_) {
            if (at_ / 8 >= bytes_.size()) {
                throw InputError("packed tensor", "table of frequencies", "a whole one", "its beginning");
            }
            value |= (std::to_integer<std::uint32_t>(bytes_[at_ / 8]) >> at_ % 8 & 1U) << i;
        }
        return value;
    }
    std::size_t bytesRead() const { return (at_ + 7) / 8; }

  private:
    std::span<const std::byte> bytes_;
    std::size_t at_ = 0;
};

class BitWriter {
  public:
    void write(std::uint32_t value, int bits) {
        for (int i = 0; i < bits; ++i, ++at_) {
            if (at_ % 8 == 0) {
                bytes.push_back(std::byte{0});
            }
            bytes.back() |= static_cast<std::byte>((value >> i & 1U) << at_ % 8);
        }
    }

    std::vector<std::byte> bytes;

  private:
    std::size_t at_ = 0;
};

} // namespace

SymbolTable::SymbolTable(std::span<const std::uint64_t> counts) {
    std::uint64_t all = 0;
    for (std::size_t i = 0; i < counts.size(); ++i) {
        all += counts[i];
        largest_ = counts[i] > 0 ? static_cast<int>(i) : largest_;
    }
    // A magnitude above 0 stands for two numbers of half its count.
    const double unit = all == 0 ? 0 : static_cast<double>(total) / static_cast<double>(all);
    std::int64_t others = 0;
    for (std::size_t i = 1; i <= static_cast<std::size_t>(largest_); ++i) {
        const double wanted = static_cast<double>(counts[i]) * unit / 2;
        frequencies_[i] = counts[i] == 0 ? 0 : std::max(1U, static_cast<std::uint32_t>(std::lround(wanted)));
        others += 2 * frequencies_[i];
    }
    const std::int64_t least = counts[0] > 0 ? 1 : 0;
    // What rounding up took too much comes from the most frequent.
    while (others + least > total) {
        const auto most = std::max_element(frequencies_.begin() + 1, frequencies_.end());
        --*most;
        others -= 2;
    }
    frequencies_[0] = static_cast<std::uint32_t>(total - others);
    findStarts();
}

SymbolTable::SymbolTable(std::span<const std::byte> bytes, std::size_t& at) {
    BitReader reader(bytes.subspan(std::min(at, bytes.size())));
    largest_ = static_cast<int>(reader.read(8));
    if (largest_ > mostMagnitude) {
        throw InputError("packed tensor", "largest coded number", fmt::format("at most {}", mostMagnitude),
                         std::to_string(largest_));
    }
    std::uint32_t others = 0;
    for (std::size_t i = 1; i <= static_cast<std::size_t>(largest_); ++i) {
        const auto length = static_cast<int>(reader.read(lengthBits));
        frequencies_[i] = length == 0 ? 0 : 1U << (length - 1) | reader.read(length - 1);
        others += 2 * frequencies_[i];
    }
    if (others > total) {
        throw InputError("packed tensor", "frequencies of coded numbers", fmt::format("{} in all", total),
                         std::to_string(others));
    }
    frequencies_[0] = total - others;
    findStarts();
    at += reader.bytesRead();
}

void SymbolTable::findStarts() {
    std::uint32_t sum = 0;
    for (int number = -largest_; number <= largest_; ++number) {
        starts_[static_cast<std::uint8_t>(number)] = sum;
        sum += frequency(number);
    }
}

std::vector<std::byte> SymbolTable::write() const {
    BitWriter writer;
    writer.write(static_cast<std::uint32_t>(largest_), 8);
    for (std::size_t i = 1; i <= static_cast<std::size_t>(largest_); ++i) {
        const int length = std::bit_width(frequencies_[i]);
        writer.write(static_cast<std::uint32_t>(length), lengthBits);
        writer.write(frequencies_[i], std::max(0, length - 1));
    }
    return writer.bytes;
}

} // namespace planish
