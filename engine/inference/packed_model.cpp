// SPDX-License-Identifier: GPL-3.0-or-later
#include "inference/packed_model.h"

#include "support/sha256.h"

#include <cassert>

namespace planish {

PackedModel::PackedModel(Model model, std::vector<Codec> codecs)
    : model_(std::move(model)),
      codecs_(std::move(codecs)),
      tensors_(codecs_.size()),
      exact_(codecs_.size()),
      identities_(codecs_.size()) {
    assert(codecs_.size() == model_.tensors().size());
}

void PackedModel::put(std::size_t index, PackedTensor tensor, bool exact) {
    tensors_[index] = std::move(tensor);
    exact_[index] = exact;
    identities_[index].clear();
}

void PackedModel::rows(const TensorInfo& tensor, std::size_t firstRow, MutableMatrixView out) const {
    const std::size_t index = indexOf(tensor);
    codecs_[index].decodeRows(tensors_[index], firstRow, out);
}

std::size_t PackedModel::rowsTogether(const TensorInfo& tensor) const {
    return codecs_[indexOf(tensor)].rowsTogether(tensor.shape);
}

std::string PackedModel::identity(const TensorInfo& tensor) const {
    const std::size_t index = indexOf(tensor);
    if (!exact_[index] && identities_[index].empty()) {
        Sha256 hash;
        hash.add(codecs_[index].name());
        hash.add(std::span<const std::byte>(tensors_[index].bytes));
        identities_[index] = hash.hex();
    }
    return identities_[index];
}

std::size_t PackedModel::indexOf(const TensorInfo& tensor) const {
    return static_cast<std::size_t>(&model_.tensor(tensor.name) - model_.tensors().data());
}

} // namespace planish
