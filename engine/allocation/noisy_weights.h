// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "inference/weight_source.h"

#include <cstdint>
#include <string>
#include <vector>

namespace planish {

/// The unquantized model with noise in one tensor: independent Gaussian errors whose expected square in each
/// row is `relativeError` of the row's own square, as those of codecs that scale by row or group are. The
/// same noise for a seed on every call, whichever rows are asked for.
class NoisyWeights final : public WeightSource {
  public:
    NoisyWeights(Model model, const TensorInfo& tensor, double relativeError, std::uint64_t seed);

    const Model& model() const override { return original_.model(); }
    void rows(const TensorInfo& tensor, std::size_t firstRow, MutableMatrixView out) const override;
    std::string identity(const TensorInfo& tensor) const override;

  private:
    OriginalWeights original_;
    std::string name_;
    double relativeError_;
    std::uint64_t seed_;
};

} // namespace planish
