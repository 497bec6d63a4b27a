// SPDX-License-Identifier: GPL-3.0-or-later
#include "algebra/arithmetic.h"

#include "algebra/bfloat16_kernel.h"

namespace planish {

std::string_view arithmeticName(Arithmetic arithmetic) {
    return arithmetic == Arithmetic::bfloat16 ? "bf16" : "fp32";
}

Arithmetic fastestArithmetic() {
    return bfloat16::available() ? Arithmetic::bfloat16 : Arithmetic::float32;
}

} // namespace planish
