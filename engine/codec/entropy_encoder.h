// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "codec/codec.h"
#include "codec/column_rounding.h"

#include <cstddef>
#include <vector>

namespace planish {

/// Rounds and codes the weights so that the bytes (see entropy_layout.h) are at most `budget`, and as little
/// below as a few trials of the step come: 0.003 bits a weight. Throws Error when not even zeros fit.
std::vector<std::byte> encodeEntropy(MatrixView weights, const ColumnRounding& rounding,
                                     const EncodeContext& context, std::size_t budget);

} // namespace planish
