// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "support/error.h"

#include <cstddef>

namespace planish {

/// Sizes are computed from shapes that may come from a hostile file: an overflow throws Error.
inline std::size_t checkedMultiply(std::size_t a, std::size_t b) {
    std::size_t product = 0;
    if (__builtin_mul_overflow(a, b, &product)) {
        throw Error("a tensor of this shape is larger than this machine can address");
    }
    return product;
}

inline std::size_t checkedAdd(std::size_t a, std::size_t b) {
    std::size_t sum = 0;
    if (__builtin_add_overflow(a, b, &sum)) {
        throw Error("a tensor of this shape is larger than this machine can address");
    }
    return sum;
}

} // namespace planish
