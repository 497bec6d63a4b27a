// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "codec/integer_rows.h"
#include "export/export_plan.h"
#include "export/output_tensor.h"
#include "support/json.h"

#include <functional>
#include <vector>

namespace planish {

/// The tensors in which a folder of `format`, compressed-tensors or gptq, has a linear that is stored in
/// `codec` (see planCompressedTensors). `packed` gives its packed bytes, once for each of them. Layouts as
/// in model/quantized_tensors.h; compressed-tensors stores levels and zero points as they are, and gptq,
/// which takes symmetric codecs only, the zero point 2^(B−1), less one, of every group.
std::vector<OutputTensor> integerTensors(ExportFormat format, const TensorInfo& tensor,
                                         const IntegerCodec& codec,
                                         const std::function<std::span<const std::byte>()>& packed);

/// The quantization_config of config.json that says so: for compressed-tensors a config group for each codec,
/// with "Linear" for target where there is one only; for gptq what quantize_config.json says, too.
Json integerConfig(ExportFormat format, const Model& model, const ExportPlan& plan);

} // namespace planish
