// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "gradient/gradient_sink.h"
#include "gradient/logit_loss.h"
#include "gradient/state_loss.h"
#include "inference/forward_pass.h"

#include <span>

namespace planish {

/// Throws InputError for models that compute otherwise than Llama does, naming what they do.
void requireGradients(const Model& model);

/// A loss and its gradients by the model's tensors (reverse-mode differentiation, Rumelhart, Hinton, Williams
/// 1986) with recomputation (Chen, Xu, Zhang, Guestrin: Training deep nets with sublinear memory cost, 2016):
/// the forward pass keeps the hidden states at block boundaries, and each block is computed once more on the
/// way back. Memory: hidden states of all boundaries, one block with its gradients, and the activations of
/// some 4096 tokens within it. The same results for every number of threads.
class BackwardPass {
  public:
    /// `source` and `workers` must outlive this; `longestContext` in tokens. Throws as requireGradients does.
    BackwardPass(const WeightSource& source, std::size_t longestContext, Workers& workers,
                 Arithmetic arithmetic = Arithmetic::float32);

    /// The loss of the logits of `tokens` [windows × context]; the sink takes the gradients, of that and
    /// `ofStates` together. Reports how much is done. Throws InputError for ids outside the vocabulary.
    double run(std::span<const TokenId> tokens, std::size_t windows, const LogitLoss& loss,
               GradientSink& sink, JobMonitor& monitor, const StateLoss* ofStates = nullptr) const;

  private:
    Matrix embeddingGradient(std::span<const TokenId> tokens, const Matrix& states, Matrix head) const;

    const WeightSource& source_;
    Workers& workers_;
    Arithmetic arithmetic_;
    ForwardPass pass_;
};

} // namespace planish
