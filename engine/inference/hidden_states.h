// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "support/matrix.h"

#include <cstddef>
#include <cstdint>

namespace planish {

/// Hidden states of many windows of equal length at one block boundary: a value [windows × context, hidden].
struct HiddenStates {
    std::size_t windows = 0;
    std::size_t context = 0;
    Matrix values;

    /// Bytes such a value takes.
    static std::uint64_t bytes(std::size_t windows, std::size_t context, std::size_t hiddenSize) {
        return std::uint64_t{4} * windows * context * hiddenSize;
    }
    /// Window `index` as [context, hidden].
    Matrix::ConstRowsBlockXpr window(std::size_t index) const {
        return values.middleRows(static_cast<Eigen::Index>(index * context),
                                 static_cast<Eigen::Index>(context));
    }
};

} // namespace planish
