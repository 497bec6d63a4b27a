// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "codec/codec.h"
#include "inference/weight_source.h"

#include <vector>

namespace planish {

/// A model whose every tensor is held as its codec packed it; what is read from it is decoded from those
/// bytes.
class PackedModel final : public WeightSource {
  public:
    /// `codecs` and `tensors` follow model.tensors().
    PackedModel(Model model, std::vector<Codec> codecs, std::vector<PackedTensor> tensors);
    /// Nothing packed yet: a tensor can be read once it has been put.
    PackedModel(Model model, std::vector<Codec> codecs);
    /// Not while others read.
    void put(std::size_t index, PackedTensor tensor) { tensors_[index] = std::move(tensor); }

    const Model& model() const override { return model_; }
    void rows(const TensorInfo& tensor, std::size_t firstRow, MutableMatrixView out) const override;
    const std::vector<Codec>& codecs() const { return codecs_; }
    const std::vector<PackedTensor>& tensors() const { return tensors_; }

  private:
    Model model_;
    std::vector<Codec> codecs_;
    std::vector<PackedTensor> tensors_;
};

} // namespace planish
