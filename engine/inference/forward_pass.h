// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "inference/block.h"
#include "inference/hidden_states.h"
#include "inference/state_cache.h"
#include "inference/weight_source.h"
#include "tokenizer/tokenizer.h"

#include <functional>
#include <span>
#include <vector>

namespace planish {

/// A block boundary of one model and text, as a StateCache knows it.
struct Boundary {
    std::string key;
    bool ofUnquantized = false; ///< nothing before it has been changed by quantization
};

/// What the attention of one block works on, of some windows: queries [windows × context, querySize], keys
/// and values [windows × context, keyValueSize]; queries and keys are rotated.
struct Projections {
    Matrix queries;
    Matrix keys;
    Matrix values;
};

/// The forward pass, block by block over all windows: one block's weights are decoded at a time and the
/// hidden states of all windows pass through it. Peak memory is the hidden states, one block, and the buffers
/// of a few windows.
class ForwardPass {
  public:
    /// `source` and `workers` must outlive this; `longestContext` in tokens.
    ForwardPass(const WeightSource& source, std::size_t longestContext, Workers& workers,
                Arithmetic arithmetic = Arithmetic::float32);

    /// `tokens` [windows × context], window after window. Throws InputError for ids outside the vocabulary.
    HiddenStates embed(std::span<const TokenId> tokens, std::size_t windows) const;
    /// The attention's outputs, [windows × context, querySize], of `count` windows from `begin` on.
    void attendWindows(const BlockWeights& block, const HiddenStates& states, std::size_t begin,
                       std::size_t count, MutableMatrixView attended, const JobMonitor& monitor) const;
    /// Its two halves: the projections of these windows, and what the attention makes of them.
    Projections project(const BlockWeights& block, const HiddenStates& states, std::size_t begin,
                        std::size_t count, const JobMonitor& monitor) const;
    void attendProjected(const BlockWeights& block, const Projections& projected, std::size_t context,
                         MutableMatrixView attended, const JobMonitor& monitor) const;
    const RopeTables& ropes() const { return ropes_; }
    /// Windows that go through attention together: enough that every thread has several tiles; more would
    /// only take memory.
    static std::size_t windowsAtOnce(std::size_t context, int threads);
    /// Passes all windows through one block. `windowsDone(n)` is told as they finish.
    void applyBlock(const BlockWeights& block, HiddenStates& states, JobMonitor& monitor,
                    const std::function<void(std::size_t)>& windowsDone) const;
    /// embed and all blocks; reports windows × blocks as progress.
    HiddenStates run(std::span<const TokenId> tokens, std::size_t windows, JobMonitor& monitor) const;
    /// The same, but the states before each block too: as many values as blocks, and one.
    std::vector<HiddenStates> allStates(std::span<const TokenId> tokens, std::size_t windows,
                                        JobMonitor& monitor) const;
    /// The same as run, from the last boundary that `cache` knows on; what comes after is kept there.
    std::shared_ptr<const HiddenStates> run(std::span<const TokenId> tokens, std::size_t windows,
                                            JobMonitor& monitor, StateCache& cache) const;

    /// The names that a cache knows the states before each block by, and behind the last one: the windows,
    /// the arithmetic, and the identity of everything they have passed.
    std::vector<Boundary> boundaries(std::span<const TokenId> tokens, std::size_t windows) const;

  private:
    void passBlock(std::size_t index, HiddenStates& states, JobMonitor& monitor) const;

    const WeightSource& source_;
    Workers& workers_;
    Arithmetic arithmetic_;
    RopeTables ropes_;
};

} // namespace planish
