// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "algebra/arithmetic.h"
#include "support/matrix.h"
#include "support/workers.h"

#include <hwy/aligned_allocator.h>

#include <cstddef>
#include <cstdint>
#include <functional>

namespace planish {

/// The right factor of a product, laid out for the multiplication kernel of the running CPU: panels of as
/// many columns as two vector registers hold, each panel row by row [inputs, panel], the last one padded with
/// zeros. In bfloat16 a row of a panel has two inputs, as words of two halves. A weight is packed once and
/// then multiplied with all tokens. Memory is reused when packed again.
class PackedMatrix {
  public:
    /// Fills `out` with rows [first, first + out.rows()) of a matrix; called from several threads.
    using RowReader = std::function<void(std::size_t first, MutableMatrixView out)>;

    /// b is [outputs, inputs], as weights and keys are stored: the product will be a · bᵀ.
    void packTransposed(MatrixView b, Arithmetic arithmetic = Arithmetic::float32);
    /// The same with panels in parallel, for large weights.
    void packTransposed(MatrixView b, Workers& workers, Arithmetic arithmetic = Arithmetic::float32);
    /// The same from rows that are made on demand, a panel's or `rowsTogether` (a power of two) at a time:
    /// the whole of b is never in memory.
    void packTransposed(Shape b, const RowReader& rows, Workers& workers, Arithmetic arithmetic,
                        std::size_t rowsTogether = 1);
    /// b is [inputs, outputs]: the product will be a · b.
    void pack(MatrixView b, Arithmetic arithmetic = Arithmetic::float32);
    /// The same, panels shared among threads.
    void pack(MatrixView b, Workers& workers, Arithmetic arithmetic = Arithmetic::float32);

    Arithmetic arithmetic() const { return arithmetic_; }
    std::size_t inputs() const { return inputs_; }
    std::size_t outputs() const { return outputs_; }
    std::size_t panelWidth() const { return panelWidth_; }
    std::size_t panels() const { return panelWidth_ == 0 ? 0 : (outputs_ + panelWidth_ - 1) / panelWidth_; }
    /// Words of 32 bits: a float or two bfloat16.
    const std::uint32_t* panel(std::size_t index) const {
        return words_.get() + index * panelRows() * panelWidth_;
    }

  private:
    std::size_t panelRows() const;
    void resize(std::size_t inputs, std::size_t outputs, Arithmetic arithmetic);
    std::size_t columnsOf(std::size_t panel) const;
    void packPanel(MatrixView rows, std::size_t index);
    void packColumns(MatrixView b, std::size_t index);

    Arithmetic arithmetic_ = Arithmetic::float32;
    std::size_t inputs_ = 0;
    std::size_t outputs_ = 0;
    std::size_t panelWidth_ = 0;
    std::size_t capacity_ = 0;
    hwy::AlignedFreeUniquePtr<std::uint32_t[]> words_;
};

} // namespace planish
