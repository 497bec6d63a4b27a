// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "gradient/logit_loss.h"
#include "inference/weight_source.h"

namespace planish {

/// The loss at the head and its derivatives, some tokens' logits at a time.
class HeadGradient {
  public:
    /// `source` and `workers` must outlive this.
    HeadGradient(const WeightSource& source, Workers& workers, Arithmetic arithmetic);

    /// What one backward pass through the head gives.
    struct Result {
        double loss = 0;
        Matrix states; ///< dL/d hidden states behind the last block, [tokens, hidden]
        Matrix norm;   ///< dL/d gain of the final norm, [1, hidden]
        Matrix head;   ///< dL/d head [vocabulary, hidden]; empty unless wanted
    };
    Result differentiate(const HiddenStates& states, const LogitLoss& loss, bool wantsHead,
                         const JobMonitor& monitor) const;

  private:
    Workers& workers_;
    Arithmetic arithmetic_;
    Vector norm_;
    float epsilon_;
    PackedMatrix head_;       ///< hidden → logits
    PackedMatrix transposed_; ///< derivatives of logits → of hidden
};

} // namespace planish
