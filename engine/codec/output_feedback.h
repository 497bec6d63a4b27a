// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "codec/codec.h"
#include "support/matrix.h"

#include <cstddef>
#include <functional>
#include <span>
#include <vector>

namespace planish {

/// How errors of rows are made up for by later rows, where errors of outputs are related: the loss of all
/// errors E is tr(E H Eᵀ O) with H of the inputs and O = E[∂L/∂y ∂L/∂yᵀ] of the outputs y. Once a tile of
/// rows t has the errors E_t, the least loss is where the rows r after it change by −O_rr⁻¹ O_rt E_t,
/// whatever H is; with Uᵀ U = (O + λI)⁻¹ as for inputs (see gptq_rounding.h) that is U_trᵀ U_tt⁻ᵀ E_t. Errors
/// of a column ask something of the same column only, so tiles follow each other block of columns by block.
/// Tseng, Sun, De Sa: YAQA, arXiv 2505.22988, 2025; here in tiles of rows.
///
/// One pass over the tiles of a tensor; without O each tile is on its own. Blocks of columns are counted in
/// the order they are rounded in.
class OutputFeedback {
  public:
    using Index = Eigen::Index;

    /// U, or nothing without `outputs`.
    static Matrix factorOf(const Matrix* outputs, const EncodeContext& context);

    /// Rows [tileBegins[i], tileBegins[i + 1]) are tile i. `wanted` are the weights of all rows in the order
    /// of rounding. All must outlive this.
    OutputFeedback(const Matrix& factor, std::span<const std::size_t> tileBegins, MatrixView wanted);

    std::size_t tiles() const { return begins_.size() - 1; }
    Index firstRow(std::size_t tile) const { return static_cast<Index>(begins_[tile]); }
    Index rows(std::size_t tile) const { return firstRow(tile + 1) - firstRow(tile); }

    /// Calls body(tile, block) for all: a tile's blocks one after the other, each when those of earlier tiles
    /// have ended. The same result for every thread count as long as bodies only read their tile and what is
    /// received.
    void forEachBlock(std::size_t blocks, const std::function<void(std::size_t, std::size_t)>& body,
                      const EncodeContext& context) const;

    /// Adds to columns [begin, end) of a tile's weights what the errors of earlier tiles ask of them.
    void receive(std::size_t tile, Index begin, Index end, Matrix& weights);
    /// What is stored for the columns that were received last, in their place in `stored`.
    void pass(std::size_t tile, Index begin, Index end, const Matrix& stored);

  private:
    const Matrix& factor_;
    std::span<const std::size_t> begins_;
    MatrixView wanted_;
    Matrix errors_; ///< U_tt⁻ᵀ E_t of every tile; until it is rounded, minus its weights
};

} // namespace planish
