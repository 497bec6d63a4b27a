// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "support/matrix.h"
#include "support/workers.h"

#include <cstdint>

namespace planish {

/// What Adam remembers of a tensor: exponential means of its gradients and of their squares.
struct AdamMoments {
    Matrix first;
    Matrix second;
};

/// One step of Adam (Kingma, Ba: Adam, 2015, algorithm 1; β₁ = 0.9, β₂ = 0.95): weights −= size · m̂ ÷ √v̂. A
/// step of an element is at most a few times `size`, whatever the gradient is. `step` counts from 1; empty
/// moments become zero ones first. Rows in parallel, the same for every number of threads.
void adamStep(MutableMatrixView weights, MatrixView gradient, AdamMoments& moments, std::uint64_t step,
              double size, Workers& workers);

/// What steps of a tensor are relative to: the root of the mean of its squares, 0 for all zeros.
double rootMeanSquare(MatrixView weights);

} // namespace planish
