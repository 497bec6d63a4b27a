// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "algebra/arithmetic.h"
#include "support/matrix.h"
#include "support/workers.h"

namespace planish {

/// sum [m, n] += leftᵀ · right for left [tokens, m] and right [tokens, n]: the gradient of a weight from
/// those of its outputs and from its inputs. Tiles in parallel; every element is one sum in the order of the
/// tokens, the same for every number of threads. In bfloat16 the factors are rounded, sums are fp32.
void addOuterProducts(MatrixView left, MatrixView right, Arithmetic arithmetic, MutableMatrixView sum,
                      Workers& workers, const JobMonitor& monitor);

} // namespace planish
