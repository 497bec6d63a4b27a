// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "codec/codec.h"
#include "codec/input_statistics.h"

#include <span>

namespace planish {

/// A tensor that reads what a norm produces: as it should be, and as it is stored.
struct NormReader {
    MatrixView wanted; ///< W [rows, columns]
    MatrixView stored; ///< Ŵ
};

/// The gain of a norm fitted to the outputs of the tensors behind it. With factors m of the inputs the
/// outputs lose Σ E‖Ŵ (m ∘ x) − W x̄‖² over the readers, a parabola mᵀ A m − 2 bᵀ m + constant with A = (Σ
/// ŴᵀŴ) ∘ H and b_j = Σ_k (Σ ŴᵀW ∘ E[x x̄ᵀ])_jk, x̄ the inputs of the unquantized model, or x without a cross
/// moment.
class NormFit {
  public:
    NormFit(std::span<const NormReader> readers, const InputStatistics& inputs, const EncodeContext& context);

    /// The least; where the inputs say little, near 1: the diagonal of A is raised by a ten-thousandth of its
    /// mean.
    Eigen::VectorXd best() const;
    /// mᵀ A m − 2 bᵀ m.
    double loss(const Eigen::VectorXd& factors) const;

  private:
    Eigen::MatrixXd curvature_; ///< A
    Eigen::VectorXd slope_;     ///< b
};

} // namespace planish
