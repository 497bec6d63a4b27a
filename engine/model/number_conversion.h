// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "model/tensor_info.h"

#include <cstddef>
#include <span>

namespace planish {

/// Little-endian numbers of a model file as floats, exactly: denormals, infinities and the payloads of NaN
/// stay. `stored` holds out.size() × bytesPerNumber(type) bytes.
void convertToFloat(NumberType type, std::span<const std::byte> stored, std::span<float> out);

} // namespace planish
