// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "codec/codec.h"

#include <cstddef>

namespace planish {

/// `matrix` · `right`, rows in parallel; an element does not depend on the number of threads.
Matrix product(MatrixView matrix, MatrixView right, const EncodeContext& context);

/// The first `count` eigenvectors of E H Eᵀ with H = E[x xᵀ] of the inputs, or of E Eᵀ without statistics, as
/// orthonormal columns [rows of E, count]: the directions in which the outputs E x vary most. `count` is at
/// most the smaller side of E.
///
/// Subspace iteration over count + 8 columns from random signs of the context's seed, a fixed number of
/// rounds: eigenvalues close to the last one taken may be mixed with it, which costs next to nothing of what
/// is captured. With n rows and m columns a round is (2·n·m + m²)·(count + 8) multiplications; products are
/// in float, orthonormal bases and the projected problem in double. No magnitude of E shall exceed 1.
/// Halko, Martinsson, Tropp: Finding structure with randomness, 2011, algorithm 4.4.
Matrix principalOutputs(MatrixView errors, Eigen::Index count, const EncodeContext& context);

} // namespace planish
