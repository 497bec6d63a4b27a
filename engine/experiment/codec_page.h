// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "codec/input_statistics.h"
#include "support/job.h"
#include "support/matrix.h"
#include "support/workers.h"

#include <string>

namespace planish {

/// The tensor of a model that the codecs are tried on, with the statistics of its inputs.
struct ExampleTensor {
    std::string name;
    Matrix weights;
    InputStatistics inputs;
    std::string inputsOrigin; ///< "64 samples of 512 tokens of `calibration`, through the unquantized model"
};

/// The page of all codecs as Markdown, from the registry: one chapter a choice, one section a member with its
/// options, exact bits, source and use of calibration; and what its examples measure: exact bits of a
/// 512 × 512 tensor, the relative squared error of 512 × 512 samples of N(0,1) (without statistics) and of
/// `real`, and the proxy loss of `real` (both with its statistics). Three significant digits: what all
/// machines agree on.
std::string codecsMarkdown(const ExampleTensor& real, Workers& workers, JobMonitor& monitor);

} // namespace planish
