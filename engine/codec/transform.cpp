// SPDX-License-Identifier: GPL-3.0-or-later
#include "codec/transform.h"

#include "support/error.h"

#include <fmt/format.h>

namespace planish {

void checkTransformable(MatrixView weights, std::string_view stage) {
    constexpr float largest = 1e25F;
    if (weights.cwiseAbs().maxCoeff() > largest) {
        throw Error(fmt::format("{}: weights beyond 1e25 cannot be transformed", stage));
    }
}

} // namespace planish
