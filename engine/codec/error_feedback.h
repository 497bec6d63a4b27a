// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "algebra/gemm.h"
#include "codec/gptq_rounding.h"

#include <span>
#include <vector>

namespace planish {

/// The U with Uᵀ U = (H + λI)⁻¹ of a covariance, rows and columns in the given order. λ is 0.01 of the mean
/// of H's diagonal, or ten times as much as often as it takes until H + λI is positive definite; zeros of the
/// diagonal count as its mean.
Matrix dampedInverseFactor(const Matrix& hessian, const std::vector<Eigen::Index>& order, bool onlyDiagonal,
                           const EncodeContext& context);

/// How errors of a column are made up for by later ones: Uᵀ U = (H + λI)⁻¹ with the columns of H in the order
/// they are rounded in (see gptq_rounding.h). All rows of a tensor share it. Immutable once made.
class ErrorFeedback {
  public:
    using Index = Eigen::Index;

    /// Columns whose errors reach the columns after them together.
    struct Block {
        Index begin;
        Index end;
        PackedMatrix further; ///< U of these rows and all columns after `end`
    };

    /// Blocks begin where groups of columns begin, so that a group is fixed when all earlier errors have
    /// reached it.
    ErrorFeedback(const InputStatistics& inputs, const GptqOptions& options, Index groupSize,
                  const EncodeContext& context);

    /// order()[i] is the column that is rounded i-th.
    const std::vector<Index>& order() const { return order_; }
    Matrix inOrder(MatrixView weights) const;        ///< their columns in it
    const Matrix& factor() const { return factor_; } ///< U
    const std::vector<Block>& blocks() const { return blocks_; }
    /// What a squared error of each column costs once later columns have made up for it.
    std::span<const float> importance() const { return importance_; }
    /// The weights whose outputs for the inputs are nearest to those of `weights` for the inputs of the
    /// unquantized model: W + W (E[x x̄ᵀ] − H)ᵀ (H + λI)⁻¹; W itself without the cross moment.
    Matrix asymmetricTargets(MatrixView weights, const EncodeContext& context) const;

  private:
    std::vector<Index> order_;
    Matrix factor_;
    std::vector<Block> blocks_;
    std::vector<float> importance_;
};

} // namespace planish
