// SPDX-License-Identifier: GPL-3.0-or-later
#include "inference/packed_model.h"

#include <cassert>

namespace planish {

PackedModel::PackedModel(Model model, std::vector<Codec> codecs, std::vector<PackedTensor> tensors)
    : model_(std::move(model)), codecs_(std::move(codecs)), tensors_(std::move(tensors)) {
    assert(codecs_.size() == model_.tensors().size() && tensors_.size() == codecs_.size());
}

PackedModel::PackedModel(Model model, std::vector<Codec> codecs)
    : model_(std::move(model)), codecs_(std::move(codecs)), tensors_(codecs_.size()) {
    assert(codecs_.size() == model_.tensors().size());
}

void PackedModel::rows(const TensorInfo& tensor, std::size_t firstRow, MutableMatrixView out) const {
    const auto index = static_cast<std::size_t>(&model_.tensor(tensor.name) - model_.tensors().data());
    codecs_[index].decodeRows(tensors_[index], firstRow, out);
}

} // namespace planish
