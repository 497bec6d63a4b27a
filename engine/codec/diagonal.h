// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "codec/input_statistics.h"
#include "support/matrix.h"

#include <cstddef>
#include <span>

namespace planish {

/// The diagonal of a diagonal transform, one positive scale for every column (or row), stored as fp16.

/// The scales as they can be stored: fp16, between 2⁻¹⁴ and 65504.
Vector storableScales(const Eigen::VectorXd& wanted);
void writeScales(const Vector& scales, std::span<std::byte> out);
/// As many scales as `in` has fp16 numbers. What no encoder writes (0, negative, infinite, NaN) counts as 1.
Vector readScales(std::span<const std::byte> in);

/// The statistics of x' = x ∘ factors.
InputStatistics scaledInputs(const InputStatistics& inputs, const Vector& factors);

} // namespace planish
