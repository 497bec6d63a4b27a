// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace planish {

/// Windows `first` … `first + count − 1` of an endless sequence in which every window of `windows` comes once
/// in random order, then all of them again in another. The same on every machine.
std::vector<std::size_t> windowsInOrder(std::size_t windows, std::size_t first, std::size_t count,
                                        std::uint64_t seed);

} // namespace planish
