// SPDX-License-Identifier: GPL-3.0-or-later
#include "training/window_order.h"

#include <algorithm>
#include <numeric>
#include <random>
#include <utility>

namespace planish {
namespace {

/// A shuffle of its own, as std::shuffle is another with another library.
std::vector<std::size_t> shuffled(std::size_t windows, std::uint64_t round, std::uint64_t seed) {
    std::seed_seq both{static_cast<std::uint32_t>(seed), static_cast<std::uint32_t>(seed >> 32),
                       static_cast<std::uint32_t>(round)};
    std::mt19937_64 random(both);
    std::vector<std::size_t> order(windows);
    std::iota(order.begin(), order.end(), std::size_t{0});
    for (std::size_t i = windows; i > 1; --i) {
        std::swap(order[i - 1], order[random() % i]);
    }
    return order;
}

} // namespace

std::vector<std::size_t> windowsInOrder(std::size_t windows, std::size_t first, std::size_t count,
                                        std::uint64_t seed) {
    std::vector<std::size_t> chosen;
    while (chosen.size() < count) {
        const std::size_t at = first + chosen.size();
        const std::vector<std::size_t> order = shuffled(windows, at / windows, seed);
        const std::size_t begin = at % windows;
        const std::size_t end = std::min(windows, begin + count - chosen.size());
        chosen.insert(chosen.end(), order.begin() + static_cast<std::ptrdiff_t>(begin),
                      order.begin() + static_cast<std::ptrdiff_t>(end));
    }
    return chosen;
}

} // namespace planish
