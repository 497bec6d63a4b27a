// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cmath>

namespace planish {

/// The x with P(N(0,1) ≤ x) = probability, for probability in [0.5, 1): Newton steps on the error function.
inline double normalQuantile(double probability) {
    double x = 0;
    for (int step = 0; step < 50; ++step) {
        const double cumulative = 0.5 * std::erfc(-x / std::sqrt(2.0));
        const double density = std::exp(-x * x / 2) / std::sqrt(2 * 3.14159265358979323846);
        x += (probability - cumulative) / density;
    }
    return x;
}

} // namespace planish
