// SPDX-License-Identifier: GPL-3.0-or-later
#include "codec/rans.h"

#include "codec/packed_numbers.h"
#include "codec/rans_kernel.h"
#include "support/error.h"

#include <algorithm>
#include <cstring>

namespace planish {
namespace {

constexpr std::uint32_t firstState = 1U << 16;

} // namespace

std::vector<std::byte> ransEncode(const RansBlock& block) {
    std::array<std::uint32_t, ransLanes> states{};
    states.fill(firstState);
    std::vector<std::uint16_t> words;
    const std::size_t columns = block.classes.size();
    for (std::size_t row = block.numbers.size() / columns; row-- > 0;) {
        for (std::size_t column = columns; column-- > 0;) {
            const int number = block.numbers[row * columns + column];
            const SymbolTable& table = block.tables[block.classes[column]];
            const std::uint64_t frequency = table.frequency(number);
            std::uint32_t& state = states[column % ransLanes];
            if (state >= frequency << 18) {
                words.push_back(static_cast<std::uint16_t>(state & 0xffffU));
                state >>= 16;
            }
            const auto f = static_cast<std::uint32_t>(frequency);
            state = (state / f << SymbolTable::precision) + state % f + table.start(number);
        }
    }
    std::reverse(words.begin(), words.end());
    std::vector<std::byte> bytes(sizeof(states) + words.size() * sizeof(std::uint16_t));
    std::memcpy(bytes.data(), states.data(), sizeof(states));
    if (!words.empty()) {
        std::memcpy(bytes.data() + sizeof(states), words.data(), words.size() * sizeof(std::uint16_t));
    }
    return bytes;
}

RansTables::RansTables(std::span<const SymbolTable> tables)
    : numbers_(tables.size() * SymbolTable::total + 3), ranges_(tables.size() * 256) {
    for (std::size_t i = 0; i < tables.size(); ++i) {
        for (int number = -SymbolTable::mostMagnitude; number <= SymbolTable::mostMagnitude; ++number) {
            const std::uint32_t frequency = tables[i].frequency(number);
            const std::uint32_t start = tables[i].start(number);
            const auto low = static_cast<std::uint8_t>(number);
            std::fill_n(numbers_.begin() + static_cast<std::ptrdiff_t>(i * SymbolTable::total + start),
                        frequency, low);
            ranges_[i * 256 + low] = frequency | start << 16;
        }
    }
}

RansDecoder::RansDecoder(const RansTables& tables, std::span<const std::uint32_t> classes,
                         std::span<const float> factors, std::span<const std::byte> block)
    : tables_(tables), classes_(classes), factors_(factors) {
    if (block.size() < sizeof(states_)) {
        throw InputError("packed tensor", "block of coded rows", "32 bytes or more",
                         std::to_string(block.size()));
    }
    std::memcpy(states_.data(), block.data(), sizeof(states_));
    words_ = block.subspan(sizeof(states_));
}

void RansDecoder::one(std::size_t column, float& out) {
    std::uint32_t& state = states_[column % ransLanes];
    const std::uint32_t place = state & (SymbolTable::total - 1);
    const std::uint8_t low = tables_.numbers()[classes_[column] * SymbolTable::total + place];
    const std::uint32_t range = tables_.ranges()[classes_[column] * 256 + low];
    state = (range & 0xffffU) * (state >> SymbolTable::precision) + place - (range >> 16);
    if (state < firstState) {
        if (words_.size() < sizeof(std::uint16_t)) {
            throw InputError("packed tensor", "block of coded rows", "words for all of its weights",
                             "fewer of them");
        }
        state = state << 16 | load<std::uint16_t>(words_, 0);
        words_ = words_.subspan(sizeof(std::uint16_t));
    }
    out = static_cast<float>(static_cast<std::int8_t>(low)) * factors_[column];
}

void RansDecoder::row(std::span<float> out) {
    const RansRow row{tables_.numbers(), tables_.ranges(), classes_.data(), factors_.data(), out.size()};
    const RansProgress progress = ransRow(row, states_, words_, out.data());
    words_ = words_.subspan(progress.words * sizeof(std::uint16_t));
    for (std::size_t column = progress.columns; column < out.size(); ++column) {
        one(column, out[column]);
    }
}

bool RansDecoder::finished() const {
    return words_.empty() && std::all_of(states_.begin(), states_.end(),
                                         [](std::uint32_t state) { return state == firstState; });
}

} // namespace planish
