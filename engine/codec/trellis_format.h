// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "codec/format.h"

#include <memory>

namespace planish {

/// Trellis-coded quantization (trellisB): the weights of a column of a tile of rows are a closed path through
/// a bit-shift trellis (see trellis_code.h, trellis_search.h), times a scale of the tile. Made for normally
/// distributed weights of one size within a tile, as after +rht:both. A rounding comes to the columns one
/// after the other, so that errors are passed on from column to column as for scalar formats; without, the
/// columns are on their own.
///
/// Rows are shared evenly among as few tiles as keep to 128 rows (256 beyond 13 state bits, which closing a
/// path costs more). B bits with a fraction f: of the first r rows of the tensor, ⌊f r⌋ have ⌊B⌋ + 1 bits a
/// weight and the others ⌊B⌋. As both are in the states of a path, it errs as little as one of B bits
/// throughout would: by 4^−B, where tiles or columns of the two would err by the mean of both, a fifth more
/// halfway.
///
/// Layout, tile by tile: the scale, bf16; then row by row the symbols, a bit stream (see bit_stream.h). A
/// tile of fewer than 8 rows is stored as one of 8. Short paths have fewer state bits, not over a quarter of
/// their own bits (but 8), or closing them costs too much.
std::shared_ptr<const Format> makeTrellisFormat(int rate, int stateBits);

} // namespace planish
