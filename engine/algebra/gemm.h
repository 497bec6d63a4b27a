// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "algebra/packed_matrix.h"

namespace planish {

/// Columns of a panel for the kernel of the running CPU.
std::size_t panelWidth(Arithmetic arithmetic);

/// out [m, outputs] = a [m, inputs] · b, added to out with `accumulate`, on the calling thread, in the
/// arithmetic that b is packed for. Where a or out have fewer columns, only the first inputs or outputs of b
/// take part; in bfloat16 the inputs then are an even number. Every element is one sum in an order that
/// depends on `inputs` alone, so a row's result is the same whatever rows are computed with it. The loops
/// follow Goto & van de Geijn 2008; their sizes fit the caches of current x86 cores.
void multiply(MatrixView a, const PackedMatrix& b, MutableMatrixView out, bool accumulate = false);

} // namespace planish
