// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "codec/row_layout.h"
#include "codec/scale_type.h"

#include <memory>

namespace planish {

/// Rows of one part after the other: the scales of all groups, their offsets if there are any, and the levels
/// as a bit stream (see bit_stream.h).
///
/// Zero points are a bit stream of as many bits as the levels. Scales and offsets are each, for fp16 and
/// bf16, one 16-bit number a group; for int8 and int6 (double quantization) the fp16 units, one for all
/// groups of the row or one for every 8, then the codes of all groups as a bit stream of 8 or 6 bits. Codes
/// of scales count from 0, those of signed scales and of int8 offsets are two's complement. Codes of int6
/// offsets count from 0: the minima of 8 groups have one sign, that of their unit, and minima above zero
/// become 0 when others are below.
///
/// Dettmers, Pagnoni, Holtzman, Zettlemoyer: QLoRA, 2023, section 3 (double quantization); units for
/// super-blocks of groups as in the k-quants of llama.cpp.
enum class StoredOffset { none, number, zeroPoint };
std::unique_ptr<const RowLayout> makePlainLayout(int bits, ScaleType type, ParameterKind scaleKind,
                                                 StoredOffset offset);

} // namespace planish
