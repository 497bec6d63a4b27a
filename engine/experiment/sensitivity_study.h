// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "allocation/sensitivity.h"
#include "calibration/settings.h"
#include "calibration/statistics_cache.h"
#include "experiment/run.h"
#include "model/model.h"

#include <optional>
#include <span>
#include <string>
#include <vector>

namespace planish {

/// What a codec makes of one tensor.
struct CodecCost {
    std::string tensor;
    std::string codec; ///< canonical
    std::uint64_t bytes = 0;
    double error = 0; ///< relative squared error, as TensorResult::equivalentNoise()
};

/// What errors of each tensor cost a model and how large the errors of codecs are: a value that a results
/// document keeps. Costs predict any mix of the codecs (allocation/sensitivity.h).
struct SensitivityRecord {
    std::string id; ///< 16 hexadecimal digits of all that determines the sensitivities
    std::string created;
    std::string application;
    std::string model; ///< name
    std::string modelFingerprint;
    std::string corpus; ///< name
    std::string corpusSha256;
    std::uint64_t context = 0;
    std::uint64_t windows = 0;
    std::uint64_t seed = 0;
    std::string arithmetic;
    double noise = 0;   ///< relative squared error that was injected
    double seconds = 0; ///< the noise and the codecs took
    Sensitivity sensitivity;

    std::string calibration; ///< what errors of codecs were measured on, in words; empty for weights alone
    std::vector<CodecCost> costs;

    /// Null when it has not been measured.
    const CodecCost* cost(const std::string& tensor, const std::string& codec) const;
    /// Canonical names, in the order they were measured.
    std::vector<std::string> codecs() const;
};

/// What to study.
struct SensitivitySpec {
    std::string model;
    std::string corpus = "calibration"; ///< not the text that mixes are judged by
    EvaluationSettings evaluation;
    SensitivitySettings noise;
    std::vector<std::string> codecs; ///< whose errors are wanted
    bool wholeModel = false;         ///< errors of embedding and head too, not of decoder linears alone
    /// What codecs that use statistics are calibrated on, always with inputs of the unquantized model: the
    /// same for every mix. Not given: the defaults if a codec cannot do without, else none.
    std::optional<CalibrationSettings> calibration;
};

/// Windows a study takes when none are asked for.
inline constexpr std::size_t usualStudyWindows = 8;

/// The id the record of a study will have. Reads the model's files once.
std::string identifySensitivity(const SensitivitySpec& spec, Workers& workers, JobMonitor& monitor);

/// Measures sensitivities, and the errors of each codec on each tensor. What `known` has is not measured
/// again. Embeddings are left out of codecs that cannot do without statistics. Stages: "noise", "calibrate",
/// "quantize". Throws InputError, Error, Cancelled; `known` keeps what it was until it returns.
SensitivityRecord studySensitivity(const SensitivitySpec& spec, std::optional<SensitivityRecord> known,
                                   Workers& workers, StatisticsCache& statistics, std::uint64_t reuseBytes,
                                   JobMonitor& monitor);

/// The relative squared error of one tensor in a codec that knows nothing of its inputs and is not trained:
/// of one that cannot do without, that of nearest rounding, which its own is to improve on; nothing when it
/// has no other rounding.
std::optional<double> weightError(const Model& model, const TensorInfo& tensor, const Codec& codec,
                                  Workers& workers, JobMonitor& monitor);

/// Errors and costs as a JSON object.
Json toJson(const SensitivityRecord& record);

} // namespace planish
