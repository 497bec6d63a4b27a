// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "model/model_files.h"
#include "model/quantization.h"
#include "model/stored_tensor.h"
#include "model/tensor_info.h"

#include <memory>

namespace planish {

/// Where a quantized checkpoint has a tensor; null when it has this one as plain numbers. With NAME the
/// tensor's name, W 32-bit words of whole numbers (integer_matrix.h) and scales in fp16, bf16 or fp32:
///
/// | kind | tensors |
/// | --- | --- |
/// | compressed-tensors | NAME.weight_packed [outputs, W], NAME.weight_scale [outputs, groups],
/// NAME.weight_shape; NAME.weight_zero_point [W, groups] unless symmetric; NAME.weight_g_idx [inputs] where
/// groups are not consecutive | | gptq | NAME.qweight [W, outputs], NAME.qzeros [groups, W], NAME.scales
/// [groups, outputs], maybe NAME.g_idx [inputs] | | awq | NAME.qweight [inputs, W], NAME.qzeros [groups, W],
/// NAME.scales [groups, outputs], words interleaved |
///
/// Throws InputError naming file and tensor when a part is missing, or of a type or shape that none of the
/// schemes implies.
std::unique_ptr<const StoredTensor> locateQuantized(const ModelFiles& files, const Quantization& quantization,
                                                    const TensorInfo& tensor);

} // namespace planish
