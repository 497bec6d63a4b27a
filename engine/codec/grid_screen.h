// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "codec/grid.h"

#include <span>

namespace planish {

/// Grid::squaredError() in single precision, several weights at a time: right to about 1e-5 of the result,
/// for telling at once which of many parameters are not worth a closer look. Not a number or infinite where
/// the squares leave the range of single precision.
float roughSquaredError(const Grid& grid, GroupParameters parameters, std::span<const float> weights,
                        std::span<const float> importance);

} // namespace planish
