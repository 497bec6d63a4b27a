// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "codec/codec.h"
#include "codec/format.h"
#include "codec/input_statistics.h"

#include <span>

namespace planish {

/// A tensor that reads the inputs to be scaled, and how it will be stored.
struct AwqConsumer {
    MatrixView weights; ///< [rows, columns] as they are, not scaled
    Codec codec;        ///< only its format is tried, with its nearest rounding
};

/// Scales for all tensors that read the same inputs, such as q, k and v: one a column, with which the weights
/// are multiplied and the inputs divided (x' = x ÷ s, by dividing the gain of the norm that produces them).
/// As +awq chooses them for one tensor (see makeAwqTransform), by the sum of the output errors. The scales
/// are fp16 numbers. Throws Cancelled, and Error for weights too large to scale.
Vector awqScales(std::span<const AwqConsumer> consumers, const InputStatistics& inputs,
                 const EncodeContext& context);

/// The same for one tensor and the format it is stored in.
Vector awqScales(MatrixView weights, const Format& format, const InputStatistics& inputs,
                 const EncodeContext& context);

} // namespace planish
