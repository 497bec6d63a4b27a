// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "model/tensor_info.h"
#include "support/matrix.h"

#include <cstddef>

namespace planish {

/// Who takes the gradients of a backward pass as they are made, block by block from the last to the first, so
/// that those of one block are in memory at a time. Called from the thread of the pass.
class GradientSink {
  public:
    virtual ~GradientSink() = default;

    /// Whether take() is to be called for this tensor; a product is saved where it is not.
    virtual bool wants(const TensorInfo& tensor) const = 0;
    /// dL/d tensor [rows, columns], over all tokens.
    virtual void take(const TensorInfo& tensor, const Matrix& gradient) = 0;
    /// dL/d y [tokens, outputs] of a linear's outputs y for tokens [firstToken, …); some windows at a time.
    virtual void takeOutputs([[maybe_unused]] const TensorInfo& tensor,
                             [[maybe_unused]] std::size_t firstToken, [[maybe_unused]] MatrixView gradient) {}
};

} // namespace planish
