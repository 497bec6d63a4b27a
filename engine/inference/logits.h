// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "algebra/gemm.h"
#include "inference/weight_source.h"

namespace planish {

/// The final norm and the head: hidden states to logits, a few rows at a time.
class LogitHead {
  public:
    LogitHead(const WeightSource& source, Workers& workers, Arithmetic arithmetic = Arithmetic::float32);

    /// The tensor that makes logits: the embedding where it is tied.
    static const TensorInfo& tensor(const Model& model);

    std::size_t vocabularySize() const { return head_.outputs(); }
    /// Rows that keep a tile of logits within about four megabytes.
    static std::size_t rowsPerTile(std::size_t vocabularySize);
    std::size_t rowsPerTile() const { return rowsPerTile(vocabularySize()); }
    /// logits [n, vocabulary] of hidden [n, hidden], scaled and capped as the model does, on the calling
    /// thread.
    void compute(MatrixView hidden, MutableMatrixView logits) const;

  private:
    Vector norm_;
    PackedMatrix head_;
    double epsilon_;
    float scale_;
    float cap_; ///< 0: none
};

} // namespace planish
