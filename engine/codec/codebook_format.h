// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "codec/scalar_format.h"

#include <cstddef>
#include <memory>

namespace planish {

/// A codebook a group (codebookB, B = 2…4): each weight takes one of 2^B free fp16 levels, the ones of least
/// squared error weighted by importance (see optimal_levels.h), rounded to fp16.
///
/// Layout of a row: the codebooks of its groups, 2^B fp16 levels in rising order each, then the levels as a
/// bit stream (see bit_stream.h).
///
/// Kim, Hooper, Gholami, Dong, Li, Shen, Mahoney, Keutzer: SqueezeLLM, 2023.
std::shared_ptr<const ScalarFormat> makeCodebookFormat(int bits, std::size_t groupSize);

} // namespace planish
