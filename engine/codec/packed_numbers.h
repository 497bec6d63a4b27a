// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstring>
#include <span>

namespace planish {

/// Number `index` of a list of little-endian numbers that starts anywhere.
template <typename Number>
Number load(std::span<const std::byte> bytes, std::size_t index) {
    Number number{};
    std::memcpy(&number, bytes.subspan(index * sizeof(Number), sizeof(Number)).data(), sizeof(Number));
    return number;
}

template <typename Number>
void store(std::span<std::byte> bytes, std::size_t index, Number number) {
    std::memcpy(bytes.subspan(index * sizeof(Number), sizeof(Number)).data(), &number, sizeof(Number));
}

} // namespace planish
