// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "support/matrix.h"

namespace planish {

/// out = a · bᵀ for a [m, k] and b [n, k], out [m, n]; every layer of the network is this product, weights
/// being stored [outputs, inputs]. With `accumulate` the product is added to out. Runs on the calling thread
/// only.
void multiplyTransposed(MatrixView a, MatrixView b, MutableMatrixView out, bool accumulate = false);

/// out = a · b for a [m, k] and b [k, n]. Runs on the calling thread only.
void multiply(MatrixView a, MatrixView b, MutableMatrixView out);

} // namespace planish
