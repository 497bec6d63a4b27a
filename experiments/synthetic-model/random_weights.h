// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "model/config.h"
#include "model/tensor_info.h"

#include <cstdint>
#include <map>
#include <span>
#include <vector>

namespace planish {

/// Weights as of a model before training, such that a forward pass neither grows nor fades: norms 1, the
/// embedding N(0, 0.02²), linears and head N(0, 1/inputs), those that write to the hidden state (o, down)
/// divided by √(2 · blocks). Normal numbers are one of 65536 quantiles each, so within ±4.3 deviations.
/// Thread-safe.
class RandomWeights {
  public:
    RandomWeights(const ModelConfig& shape, std::uint64_t seed);

    /// Fills `out` with weights of the tensor from the `first`, a multiple of 4, as BF16. A weight depends on
    /// seed, shape, the tensor's place in the layout and its own in the tensor; on nothing else.
    void fill(const TensorInfo& tensor, std::size_t place, std::size_t first,
              std::span<std::uint16_t> out) const;

  private:
    double deviation(const TensorInfo& tensor) const;

    ModelConfig shape_;
    std::uint64_t seed_;
    std::map<double, std::vector<std::uint16_t>> quantiles_; ///< as BF16, by standard deviation
};

} // namespace planish
