// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "inference/hidden_states.h"
#include "inference/logits.h"
#include "tokenizer/tokenizer.h"

#include <cstddef>
#include <span>

namespace planish {

/// A loss of the logits of single tokens: L = Σ over tokens. Thread-safe.
class LogitLoss {
  public:
    virtual ~LogitLoss() = default;
    /// The loss of tokens [firstToken, firstToken + logits.rows()), counted over all windows; `logits` become
    /// its derivatives by them.
    virtual double differentiate(std::size_t firstToken, MutableMatrixView logits) const = 0;
};

/// The sum of −ln p(next token), in nats, of all tokens of windows but the last of each.
class NextTokenLoss final : public LogitLoss {
  public:
    /// `tokens` [windows × context] must outlive this.
    NextTokenLoss(std::span<const TokenId> tokens, std::size_t context)
        : tokens_(tokens), context_(context) {}
    double differentiate(std::size_t firstToken, MutableMatrixView logits) const override;

  private:
    std::span<const TokenId> tokens_;
    std::size_t context_;
};

/// The mean over tokens of KL(p ‖ q), in nats: p the distribution of a model that is to be followed, q that
/// of the logits. Hinton, Vinyals, Dean: Distilling the knowledge in a neural network, 2015.
class DistillationLoss final : public LogitLoss {
  public:
    /// `states` are those of the model to be followed behind its last block, `head` its head; both must
    /// outlive this.
    DistillationLoss(const HiddenStates& states, const LogitHead& head) : states_(states), head_(head) {}
    double differentiate(std::size_t firstToken, MutableMatrixView logits) const override;

  private:
    const HiddenStates& states_;
    const LogitHead& head_;
};

} // namespace planish
