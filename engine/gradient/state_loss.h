// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "inference/hidden_states.h"
#include "support/workers.h"

#include <cstddef>
#include <vector>

namespace planish {

/// A loss of the hidden states behind each block, beside one of logits.
class StateLoss {
  public:
    virtual ~StateLoss() = default;
    /// The loss of `states` [tokens, hidden] behind block `block`, counted from 0; its derivatives by them
    /// are added to `gradient`, of the same shape.
    virtual double differentiate(std::size_t block, const Matrix& states, Matrix& gradient) const = 0;
};

/// How far hidden states are from those of a model that is to be followed: the mean over tokens of the sum
/// over blocks of ‖s − t‖² ÷ ‖t‖² (Romero et al.: FitNets, 2015, a hint from every block). Says more a token
/// than its distribution does. The same for every number of threads.
class StateDistanceLoss final : public StateLoss {
  public:
    /// `wanted` are the states before each block and behind the last, as ForwardPass::allStates gives them;
    /// they and `workers` must outlive this. A token whose wanted state is all zeros counts as reached.
    StateDistanceLoss(const std::vector<HiddenStates>& wanted, Workers& workers)
        : wanted_(wanted), workers_(workers) {}
    double differentiate(std::size_t block, const Matrix& states, Matrix& gradient) const override;

  private:
    const std::vector<HiddenStates>& wanted_;
    Workers& workers_;
};

} // namespace planish
