// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "inference/weight_source.h"

#include <cstdint>
#include <map>
#include <string>

namespace planish {

/// The unquantized model with noise in some tensors: independent Gaussian errors whose expected square in
/// each row is `relativeError` of the row's own square, as those of codecs that scale by row or group are.
/// The same noise for a seed on every call, whichever rows are asked for.
class NoisyWeights final : public WeightSource {
  public:
    /// No noise as yet.
    explicit NoisyWeights(Model model) : original_(std::move(model)) {}
    /// In one tensor.
    NoisyWeights(Model model, const TensorInfo& tensor, double relativeError, std::uint64_t seed);

    /// Noise in another tensor; that of two tensors is independent only if their seeds differ.
    void add(const TensorInfo& tensor, double relativeError, std::uint64_t seed);

    const Model& model() const override { return original_.model(); }
    void rows(const TensorInfo& tensor, std::size_t firstRow, MutableMatrixView out) const override;
    std::string identity(const TensorInfo& tensor) const override;

  private:
    struct Noise {
        double relativeError = 0;
        std::uint64_t seed = 0;
    };
    OriginalWeights original_;
    std::map<std::string, Noise> noise_; ///< by tensor
};

} // namespace planish
