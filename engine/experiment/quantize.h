// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "codec/codec.h"
#include "experiment/run.h"
#include "inference/packed_model.h"

#include <vector>

namespace planish {

/// A model with every tensor packed, and what packing did to each.
struct QuantizedModel {
    PackedModel model;
    std::vector<TensorResult>
        tensors; ///< in the order of Model::tensors(); errors measured on the decoded bytes
};

/// Packs every tensor with its codec (one for each of model.tensors()), one tensor at a time, its rows in
/// parallel. The same bytes for every thread count. Reports weights as progress.
QuantizedModel quantizeModel(const Model& model, const std::vector<Codec>& codecs, std::uint64_t seed,
                             Workers& workers, JobMonitor& monitor);

} // namespace planish
