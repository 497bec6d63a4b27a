// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "export/export_plan.h"

#include <span>
#include <string>
#include <vector>

namespace planish {

/// What a tensor is written in, and why that is not what was measured where the codec alone does not say.
struct PlannedCodec {
    std::string codec;
    std::string why{};
};

/// The codec of every tensor, in the order of the model, for folders of whole numbers in groups: linears of
/// blocks in integers where the format has theirs, everything else in `settings.floats`.
///
/// compressed-tensors, as vLLM loads it (compressed_tensors_wNa16.py, marlin_utils.py): 4 or 8 bits, 4 only
/// with zero points, groups of 32, 64, 128 or whole rows that divide the inputs, scales in the float type of
/// the model. vLLM fuses q, k and v, and gate
/// and up, and wants each of these sets in one scheme.
/// gptq: one symmetric codec for all linears of blocks, 2, 3, 4 or 8 bits, groups that divide the inputs,
/// scales in fp16; inputs and outputs are multiples of 32.
///
/// Throws InputError naming the tensors that do not fit when `settings` refuse them, or the format cannot do
/// without.
std::vector<PlannedCodec> planCompressedTensors(const Model& model, std::span<const Codec> codecs,
                                                const ExportSettings& settings);
std::vector<PlannedCodec> planGptq(const Model& model, std::span<const Codec> codecs,
                                   const ExportSettings& settings);

} // namespace planish
