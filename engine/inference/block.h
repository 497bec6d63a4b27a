// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "algebra/gemm.h"
#include "inference/rope.h"
#include "inference/weight_source.h"
#include "support/matrix.h"

namespace planish {

/// A linear layer y = W x + b.
struct Linear {
    PackedMatrix weight; ///< [inputs, outputs]
    Vector bias;         ///< [outputs], or empty

    /// Of one block; `role`: q, k, v, o, gate, up or down.
    static Linear read(const WeightSource& source, std::size_t block, Role role, Workers& workers,
                       Arithmetic arithmetic);

    /// out [n, outputs] = in [n, inputs] · Wᵀ + b; added to out with `accumulate`.
    void apply(MatrixView in, MutableMatrixView out, bool accumulate = false) const;
};

/// One decoder block's weights, decoded: the only block in memory at a time when a model is streamed.
struct BlockWeights {
    Arithmetic arithmetic = Arithmetic::float32; ///< of its products
    BlockAttention attention;
    // The gains of norms, [hidden] but for those of queries and keys; empty where there is none.
    Vector attentionNorm;
    Linear query, key, value;
    Vector queryNorm, keyNorm; ///< [headSize], or of all heads
    Linear output;
    Vector attentionOutputNorm;
    Vector mlpNorm;
    Linear gate, up, down;
    Vector mlpOutputNorm;

    static BlockWeights read(const WeightSource& source, std::size_t block, Workers& workers,
                             Arithmetic arithmetic = Arithmetic::float32);
    // Its parts, each of which a step of the block needs.
    void readQueryKeyValue(const WeightSource& source, std::size_t block, Workers& workers);
    void readOutput(const WeightSource& source, std::size_t block, Workers& workers);
    void readGateUp(const WeightSource& source, std::size_t block, Workers& workers);
    void readDown(const WeightSource& source, std::size_t block, Workers& workers);
};

/// Keys and values of the tokens one sequence has seen in one block, [tokens, keyValueSize] each, rotated.
struct KeyValues {
    Matrix keys;
    Matrix values;
};

// A block's work on a batch of sequences is three steps, each split into independent tiles of fixed size, so
// that one long window uses all threads as well as many short ones and results do not depend on the number of
// threads.

/// Tokens of one sequence that go through a block together.
inline constexpr std::size_t tokensPerTile = 256;

/// Step 1, for rows of `hidden` at positions `firstPosition` …: normalized, projected and rotated queries,
/// keys, values.
void projectQueryKeyValue(const BlockWeights& block, const ModelConfig& config, const RopeTables& ropes,
                          MatrixView hidden, std::size_t firstPosition, MutableMatrixView queries,
                          MutableMatrixView keys, MutableMatrixView values);

/// Step 3: addAttention, then addMlp of mlpActivations(hidden).
void finishBlock(const BlockWeights& block, const ModelConfig& config, MatrixView attended,
                 MutableMatrixView hidden);
/// hidden += output(attended), normalized and scaled where the model's design has it so.
void addAttention(const BlockWeights& block, const ModelConfig& config, MatrixView attended,
                  MutableMatrixView hidden);
/// activation(gate(norm(hidden))) ∘ up(norm(hidden)), [n, mlpSize].
Matrix mlpActivations(const BlockWeights& block, const ModelConfig& config, MatrixView hidden);
/// hidden += down(activations), normalized and scaled likewise.
void addMlp(const BlockWeights& block, const ModelConfig& config, MatrixView activations,
            MutableMatrixView hidden);

/// What a norm multiplies by: its tensor, or 1 + it.
Vector normGain(const WeightSource& source, const TensorInfo& norm);

/// RMSNorm of every row; the rows themselves without a gain.
void normalizeRows(MatrixView in, const Vector& gain, double epsilon, MutableMatrixView out);

} // namespace planish
