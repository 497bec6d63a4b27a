// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "calibration/settings.h"
#include "codec/input_statistics.h"
#include "model/tensor_info.h"

#include <string>

namespace planish {

/// What one tensor of the unquantized model reads over a calibration text, from the user's cache of
/// statistics or by passing the samples through the model up to it. Throws InputError for a tensor that reads
/// no inputs.
InputStatistics inputsOf(const std::string& model, const TensorInfo& tensor, CalibrationSettings settings,
                         Workers& workers, JobMonitor& monitor);

} // namespace planish
