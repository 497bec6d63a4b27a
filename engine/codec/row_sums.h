// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <span>

namespace planish {

/// Sums of squares of one row: of its weights, and of what is lost.
struct RowSums {
    double energy = 0;
    double error = 0;
};

/// Σ w² and Σ (w − ŵ)², every square and sum in double.
RowSums rowSums(std::span<const float> original, std::span<const float> stored);

} // namespace planish
