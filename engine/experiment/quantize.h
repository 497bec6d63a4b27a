// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "calibration/calibrator.h"
#include "codec/codec.h"
#include "experiment/run.h"
#include "inference/packed_model.h"

#include <optional>
#include <string>
#include <vector>

namespace planish {

/// A model with every tensor packed, and what packing did to each.
struct QuantizedModel {
    PackedModel model;
    std::vector<TensorResult>
        tensors; ///< in the order of Model::tensors(); errors measured on the decoded bytes
    std::vector<std::string> warnings;  ///< as RunRecord::warnings
    double calibrateSeconds = 0;        ///< of which spent on statistics
    std::vector<double> trainingLoss{}; ///< as RunRecord::trainingLoss
};

/// How to pack a model.
struct QuantizeSettings {
    std::vector<Codec> codecs; ///< one for each of model.tensors(), as resolve() gives them
    std::uint64_t seed = 0;
    const CalibrationPlan* calibration = nullptr; ///< null: no statistics
    StatisticsCache* cache = nullptr;             ///< of statistics; may be null
    Arithmetic arithmetic = Arithmetic::float32;  ///< of the samples' way through the model
    StateCache* states = nullptr;                 ///< of samples on their way; may be null
    bool measureOutputs = false; ///< also of codecs that use no statistics, where there is a calibration
};

/// Codec::encode, whose errors name the tensor.
PackedTensor encodeTensor(const TensorInfo& tensor, const Codec& codec, MatrixView weights,
                          const EncodeContext& context);

/// What to say of a calibration that is too short for the widest of `tensors`, indices of model.tensors():
/// fewer tokens than 8 for each of its inputs.
std::optional<std::string> warningOfFewTokens(const Model& model, const std::vector<std::size_t>& tensors,
                                              const CalibrationPlan* calibration);

/// Packs every tensor with its codec. Without calibration or codecs that use it, that is all. Otherwise the
/// decoder linears are packed in the order of the network, those that read the same inputs together, each
/// with the statistics of its inputs; where a rounding loses as much of the outputs as nearest rounding
/// would, nearest rounding is kept and a warning says so. Norms take up scales (+awq:folded) and are fitted
/// (+tune) on the way. The same bytes for every thread count. Reports stages "calibrate" and "quantize".
QuantizedModel quantizeModel(const Model& model, const QuantizeSettings& settings, Workers& workers,
                             JobMonitor& monitor);

} // namespace planish
