// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "inference/block.h"
#include "inference/logits.h"
#include "tokenizer/tokenizer.h"

#include <functional>
#include <span>
#include <vector>

namespace planish {

/// How the next token is chosen.
struct Sampling {
    double temperature = 0; ///< 0: the most likely token; else softmax(logits ÷ temperature)
    std::uint64_t seed = 0;
};

/// Continues a text token by token, keeping keys and values of what it has seen. Holds all weights as floats:
/// four bytes a parameter.
class Generator {
  public:
    Generator(const WeightSource& source, Workers& workers);

    /// Up to `count` tokens after `prompt`, each also handed to `next`; stops early at the end token or after
    /// the model's maximum context. Throws InputError for an empty prompt or one that leaves no room.
    std::vector<TokenId> generate(std::span<const TokenId> prompt, std::size_t count,
                                  const Sampling& sampling, JobMonitor& monitor,
                                  const std::function<void(TokenId)>& next);

  private:
    /// Logits after the last of `tokens`, which follow the `past` ones already seen.
    Vector step(std::span<const TokenId> tokens, std::size_t past, const RopeTables& ropes,
                std::vector<KeyValues>& cache);

    const WeightSource& source_;
    Workers& workers_;
    std::vector<BlockWeights> blocks_;
    LogitHead head_;
};

} // namespace planish
