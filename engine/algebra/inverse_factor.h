// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "support/matrix.h"
#include "support/workers.h"

#include <optional>

namespace planish {

/// The upper triangular U with Uᵀ U = H⁻¹, for a symmetric H [n, n] of which the lower triangle is read.
/// Nothing when H is not positive definite. H is factored in reverse order, H = R Rᵀ with R upper triangular,
/// and U = R⁻¹, so that H⁻¹ itself is never formed. In double, by tiles of fixed size in parallel: the same
/// for every number of threads. 2 n³ ÷ 3 operations. Throws Cancelled.
std::optional<Matrix> inverseFactor(const Eigen::MatrixXd& hessian, Workers& workers,
                                    const JobMonitor& monitor);

} // namespace planish
