// SPDX-License-Identifier: GPL-3.0-or-later
#include "training/model_in_training.h"

#include <fmt/format.h>

#include <cassert>
#include <cmath>
#include <utility>

namespace planish {

ModelInTraining::ModelInTraining(Model model, std::vector<Codec> codecs, Workers& workers)
    : model_(std::move(model)), codecs_(std::move(codecs)) {
    assert(codecs_.size() == model_.tensors().size());
    const OriginalWeights original(model_);
    for (const TensorInfo& tensor : model_.tensors()) {
        state_.tensors.push_back({original.matrix(tensor, workers), {}, {}, {}});
    }
}

void ModelInTraining::rows(const TensorInfo& tensor, std::size_t firstRow, MutableMatrixView out) const {
    out = state_.tensors[indexOf(tensor)].values.middleRows(static_cast<Eigen::Index>(firstRow), out.rows());
}

std::string ModelInTraining::identity(const TensorInfo& tensor) const {
    return fmt::format("{} in training {} after {} steps", tensor.name, static_cast<const void*>(this),
                       state_.steps);
}

std::size_t ModelInTraining::indexOf(const TensorInfo& tensor) const {
    return static_cast<std::size_t>(&model_.tensor(tensor.name) - model_.tensors().data());
}

void ModelInTraining::freeze(std::size_t index, PackedTensor packed, Workers& workers) {
    TensorInTraining& tensor = state_.tensors[index];
    tensor.values = codecs_[index].decode(packed, workers);
    tensor.moments = {};
    tensor.packed = std::move(packed);
    if (codecs_[index].demands().recovered) {
        tensor.coordinates = codecs_[index].coordinates(*tensor.packed, workers);
    }
}

void ModelInTraining::descend(std::size_t index, const Matrix& gradient, double size, double scale,
                              Workers& workers) {
    TensorInTraining& tensor = state_.tensors[index];
    const std::uint64_t step = state_.steps + 1;
    if (!tensor.packed) {
        adamStep(tensor.values, gradient, tensor.moments, step, size * scale, workers);
        return;
    }
    // The root mean square of the coordinates of all weights.
    const double ofCoordinates = scale * std::sqrt(static_cast<double>(tensor.values.size()) /
                                                   static_cast<double>(tensor.coordinates.size()));
    adamStep(tensor.coordinates, codecs_[index].coordinateSlopes(*tensor.packed, gradient, workers),
             tensor.moments, step, size * ofCoordinates, workers);
    codecs_[index].writeCoordinates(tensor.coordinates, *tensor.packed, workers);
    tensor.values = codecs_[index].decode(*tensor.packed, workers);
}

void ModelInTraining::finish() {
    for (TensorInTraining& tensor : state_.tensors) {
        if (tensor.packed) {
            tensor.coordinates = {};
            tensor.moments = {};
        }
    }
}

} // namespace planish
