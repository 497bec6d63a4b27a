// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "experiment/run.h"

#include <string>

namespace planish {

/// The command line that repeats a run. `spec` is resolved: its calibration is what the run is calibrated on,
/// empty when it is not; `trains`: whether it trains as that says.
std::string repeatCommand(const RunSpec& spec, bool trains);

} // namespace planish
