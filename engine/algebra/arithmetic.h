// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string_view>

namespace planish {

/// How the factors of matrix products are represented. Sums are in fp32 either way.
enum class Arithmetic {
    float32,  ///< as they are
    bfloat16, ///< rounded to bfloat16 (8 significant bits, denormals to zero), multiplied by the CPU's own
              ///< instructions for that
};

std::string_view arithmeticName(Arithmetic arithmetic); ///< "fp32", "bf16"

/// The fastest the running CPU has: bfloat16 where it has the instructions (AVX512-BF16), else float32.
Arithmetic fastestArithmetic();

} // namespace planish
