// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "model/tensor_info.h"

namespace planish {

/// Norms and biases, which are only ever stored in float formats.
inline bool isVector(const TensorInfo& tensor) {
    return tensor.isVector || tensor.role == Role::norm || tensor.role == Role::bias;
}

} // namespace planish
