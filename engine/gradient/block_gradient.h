// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "gradient/gradient_sink.h"
#include "inference/forward_pass.h"

#include <array>
#include <cstddef>

namespace planish {

/// The linears of a block, in the order of the network.
enum class BlockLinear { query, key, value, output, gate, up, down };
inline constexpr std::size_t blockLinears = 7;

/// The backward pass through one decoder block: everything between its inputs and its outputs is computed
/// anew from the inputs, some windows at a time, so that nothing of the forward pass has to be kept but the
/// hidden states at block boundaries. Gradients of its tensors are summed over all windows.
class BlockGradient {
  public:
    /// All must outlive this; `pass` is of `source`.
    BlockGradient(const ForwardPass& pass, const WeightSource& source, std::size_t block, Workers& workers,
                  Arithmetic arithmetic, GradientSink& sink);

    /// Windows that go through together: their number is fixed, as sums over tokens are split by it.
    static std::size_t windowsAtOnce(std::size_t context);
    /// `inputs` are the states before the block, of all windows; `gradient` [tokens of all windows, hidden]
    /// is dL/d states behind it and becomes dL/d inputs, for windows [begin, begin + count).
    void addWindows(const HiddenStates& inputs, std::size_t begin, std::size_t count,
                    MutableMatrixView gradient, const JobMonitor& monitor);
    /// Hands the sums to the sink, once all windows have been added.
    void finish();

  private:
    /// A linear of the block: what its gradient needs.
    struct Linear {
        const TensorInfo* weight = nullptr;
        const TensorInfo* bias = nullptr; ///< null without
        PackedMatrix backward;            ///< dL/d outputs → dL/d inputs
        Matrix weightSum;                 ///< empty unless wanted
        Matrix biasSum;                   ///< [1, outputs], or empty
    };
    struct Norm {
        const TensorInfo* tensor = nullptr;
        Matrix sum; ///< [1, hidden]
    };
    struct Activations;

    Linear& linear(BlockLinear which) { return linears_[static_cast<std::size_t>(which)]; }
    void differentiateMlp(Activations& at, MutableMatrixView gradient, const JobMonitor& monitor);
    void differentiateAttention(Activations& at, MutableMatrixView gradient, const JobMonitor& monitor);
    /// Adds what a linear's outputs and inputs of some windows give.
    void add(BlockLinear which, std::size_t firstToken, MatrixView outputGradient, MatrixView inputs,
             const JobMonitor& monitor);

    const ForwardPass& pass_;
    const ModelConfig& config_;
    Workers& workers_;
    Arithmetic arithmetic_;
    GradientSink& sink_;
    BlockWeights weights_;
    std::array<Linear, blockLinears> linears_;
    Norm attentionNorm_;
    Norm mlpNorm_;
};

} // namespace planish
