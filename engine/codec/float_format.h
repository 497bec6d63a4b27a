// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "codec/format.h"

#include <memory>

namespace planish {

enum class FloatType { fp32, bf16, fp16 };

/// Plain numbers, row after row, little-endian. Rounds to nearest even; what is beyond the type's range is
/// stored as its largest finite value.
std::shared_ptr<const Format> makeFloatFormat(FloatType type);

} // namespace planish
