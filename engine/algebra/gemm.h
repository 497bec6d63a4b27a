// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "support/matrix.h"
#include "support/workers.h"

#include <hwy/aligned_allocator.h>

#include <cstddef>

namespace planish {

/// The right factor of a product, laid out for the multiplication kernel of the running CPU: panels of as
/// many columns as two vector registers hold, each panel row by row [inputs, panel], the last one padded with
/// zeros. A weight is packed once and then multiplied with all tokens. Memory is reused when packed again.
class PackedMatrix {
  public:
    /// b is [outputs, inputs], as weights and keys are stored: the product will be a · bᵀ.
    void packTransposed(MatrixView b);
    /// The same with panels in parallel, for large weights.
    void packTransposed(MatrixView b, Workers& workers);
    /// b is [inputs, outputs]: the product will be a · b.
    void pack(MatrixView b);

    std::size_t inputs() const { return inputs_; }
    std::size_t outputs() const { return outputs_; }
    std::size_t panelWidth() const { return panelWidth_; }
    std::size_t panels() const { return panelWidth_ == 0 ? 0 : (outputs_ + panelWidth_ - 1) / panelWidth_; }
    const float* panel(std::size_t index) const { return values_.get() + index * inputs_ * panelWidth_; }

  private:
    void resize(std::size_t inputs, std::size_t outputs);
    void packTransposedPanel(MatrixView b, std::size_t index);

    std::size_t inputs_ = 0;
    std::size_t outputs_ = 0;
    std::size_t panelWidth_ = 0;
    std::size_t capacity_ = 0;
    hwy::AlignedFreeUniquePtr<float[]> values_;
};

/// out [m, outputs] = a [m, inputs] · b, added to out with `accumulate`, on the calling thread. Every element
/// is one sum in an order that depends on `inputs` alone, so a row's result is the same whatever rows are
/// computed with it. The loops follow Goto & van de Geijn 2008; their sizes fit the caches of current x86
/// cores.
void multiply(MatrixView a, const PackedMatrix& b, MutableMatrixView out, bool accumulate = false);

} // namespace planish
