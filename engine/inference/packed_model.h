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
    /// `codecs` follow model.tensors(). Nothing is packed yet: a tensor can be read once it has been put.
    PackedModel(Model model, std::vector<Codec> codecs);
    /// `exact`: what is decoded equals the model's own values. Several tensors may be put at once; not while
    /// others read.
    void put(std::size_t index, PackedTensor tensor, bool exact);

    const Model& model() const override { return model_; }
    void rows(const TensorInfo& tensor, std::size_t firstRow, MutableMatrixView out) const override;
    std::size_t rowsTogether(const TensorInfo& tensor) const override;
    std::string identity(const TensorInfo& tensor) const override;
    const std::vector<Codec>& codecs() const { return codecs_; }
    const std::vector<PackedTensor>& tensors() const { return tensors_; }

  private:
    std::size_t indexOf(const TensorInfo& tensor) const;

    Model model_;
    std::vector<Codec> codecs_;
    std::vector<PackedTensor> tensors_;
    std::vector<char> exact_;                     ///< not bool: put by several threads
    mutable std::vector<std::string> identities_; ///< as far as asked for
};

} // namespace planish
