// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "support/matrix.h"
#include "support/workers.h"

#include <cstddef>
#include <functional>
#include <optional>
#include <span>

namespace planish {

/// Part of the lower triangle of a symmetric matrix: numbers of a row from `firstColumn` on, none beyond the
/// diagonal. Called by several threads at once.
using LowerTriangle =
    std::function<void(std::size_t row, std::size_t firstColumn, std::span<double> numbers)>;

/// The upper triangular U with Uᵀ U = H⁻¹, for a symmetric H [n, n]. Nothing when H is not positive definite.
/// H is factored in reverse order, H = R Rᵀ with R upper triangular, and U = R⁻¹, so that H⁻¹ itself is never
/// formed. In double, by tiles of fixed size in parallel: the same for every number of threads. 2 n³ ÷ 3
/// operations, in place in one triangle of doubles (4 n² bytes, which H is read into once). Throws Cancelled.
std::optional<Matrix> inverseFactor(std::size_t size, const LowerTriangle& hessian, Workers& workers,
                                    const JobMonitor& monitor);

} // namespace planish
