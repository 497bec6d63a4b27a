// SPDX-License-Identifier: GPL-3.0-or-later
#include "models/tensor_costs.h"

#include "recipe/recipe.h"

#include <cmath>

namespace planish {

void TensorCosts::setStudy(const SensitivityRecord* study) {
    sensitivity_.reset();
    byTensor_.clear();
    if (study == nullptr) {
        return;
    }
    sensitivity_ = study->sensitivity;
    for (const TensorSensitivity& tensor : study->sensitivity.tensors) {
        byTensor_[tensor.name] = tensor;
    }
    for (const CodecCost& cost : study->costs) {
        errors_[{cost.tensor, cost.codec}] = {cost.error, false};
    }
}

std::optional<TensorCosts::Error> TensorCosts::error(const TensorInfo& tensor, const Codec& codec) const {
    if (codec.name() == exactCodec(tensor) || codec.name() == "fp32") {
        return Error{};
    }
    const auto found = errors_.find({tensor.name, codec.name()});
    return found != errors_.end() ? std::optional(found->second) : std::nullopt;
}

std::optional<TensorCosts::Cost> TensorCosts::cost(const TensorInfo& tensor, const Codec& codec) const {
    const auto sensitivity = byTensor_.find(tensor.name);
    const std::optional<Error> made = error(tensor, codec);
    if (sensitivity == byTensor_.end() || !made) {
        return std::nullopt;
    }
    return Cost{sensitivity->second.divergence * made->relative,
                sensitivity->second.standardError * made->relative, made->atMost};
}

std::optional<TensorCosts::Total> TensorCosts::total(const std::vector<TensorInfo>& tensors,
                                                     const std::vector<Codec>& codecs) const {
    if (!sensitivity_) {
        return std::nullopt;
    }
    Total total;
    double divergence = 0;
    double variance = 0;
    for (std::size_t i = 0; i < tensors.size(); ++i) {
        const TensorInfo& tensor = tensors[i];
        if (!hasSensitivity(tensor.name)) {
            continue; // norms and biases, stored in floats
        }
        const std::optional<Cost> part = cost(tensor, codecs[i]);
        if (!part) {
            ++total.unknown;
            continue;
        }
        divergence += part->divergence;
        variance += std::isfinite(part->standardError) ? part->standardError * part->standardError : 0;
        total.atMost = total.atMost || part->atMost;
    }
    total.prediction = predict(*sensitivity_, divergence, std::sqrt(variance));
    return total;
}

std::optional<Prediction> TensorCosts::prediction(const std::vector<TensorInfo>& tensors,
                                                  const std::vector<Codec>& codecs) const {
    const std::optional<Total> whole = total(tensors, codecs);
    return whole && whole->unknown == 0 ? std::optional(whole->prediction) : std::nullopt;
}

} // namespace planish
