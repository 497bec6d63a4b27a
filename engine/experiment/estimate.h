// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "calibration/calibrator.h"
#include "experiment/machine_speed.h"
#include "experiment/trained_quantization.h"
#include "support/json.h"

#include <optional>
#include <string>
#include <vector>

namespace planish {

/// One part of an estimate, such as "hidden states".
struct EstimateTerm {
    std::string name;
    double value = 0;
};

/// What a run or an evaluation will take, before it starts.
struct RunEstimate {
    std::vector<EstimateTerm> time;   ///< seconds, one after the other
    std::vector<EstimateTerm> memory; ///< bytes held at the peak

    double seconds() const;
    double bytes() const;
};

/// "about 12 s (quantize 0.3 s, baseline 5.2 s, …) and 0.6 GB of memory".
std::string describe(const RunEstimate& estimate);
/// {"seconds": …, "memory_bytes": …, "time": {term: seconds}, "memory": {term: bytes}}.
Json toJson(const RunEstimate& estimate);

/// What is to be estimated.
struct EstimateInput {
    const Model& model;
    const WindowPlan& plan;
    Arithmetic arithmetic;
    const std::vector<Codec>* codecs = nullptr;   ///< null: the unquantized model is evaluated
    const CalibrationPlan* calibration = nullptr; ///< null: none
    const TrainingPlan* training = nullptr;       ///< null: none
    std::uint64_t reuseBytes = 0;                 ///< memory that results may stay in
    bool keepsLogits = false;
};

/// Counts operations and bytes of every step and divides by the measured speed of the machine. What earlier
/// runs have left to be reused is not subtracted.
RunEstimate estimateRun(const EstimateInput& input, MachineSpeed& speed);

} // namespace planish
