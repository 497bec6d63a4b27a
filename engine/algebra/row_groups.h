// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>

namespace planish {

/// Calls body(count) for groups of at most `most` rows that make up `rows` and differ by at most one, as a
/// small last group would wait for its sums more than it computes.
template <class Body>
void forRowGroups(std::size_t rows, std::size_t most, const Body& body) {
    const std::size_t groups = (rows + most - 1) / most;
    for (std::size_t group = 0; group < groups; ++group) {
        body(rows / groups + (group < rows % groups ? 1 : 0));
    }
}

} // namespace planish
