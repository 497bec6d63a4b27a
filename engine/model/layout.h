// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "model/config.h"
#include "model/tensor_info.h"

#include <string>
#include <vector>

namespace planish {

/// Every tensor a model of this shape needs, in the order of the network: embedding; per block the attention
/// norm, q, k, v, o, the MLP norm, gate, up, down, each linear followed by its bias; final norm; head unless
/// tied. How they are stored is left open.
std::vector<TensorInfo> tensorLayout(const ModelConfig& config);

/// The name in the model files: with ".weight", except for biases.
std::string storedName(const TensorInfo& tensor);

} // namespace planish
