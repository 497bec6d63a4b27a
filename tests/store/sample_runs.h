// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "experiment/run.h"

#include <cstdint>
#include <string>
#include <vector>

namespace planish::test {

/// A run in which every field has a value of its own, determined by `number`.
RunRecord sampleRun(std::uint64_t number, std::size_t tensors = 7, std::size_t windows = 5);

/// The ids of runs, in their order.
std::vector<std::string> idsOf(const std::vector<RunRecord>& runs);

/// The first field in which two records differ, or ""; NaN equals NaN.
std::string firstDifference(const RunRecord& a, const RunRecord& b);

} // namespace planish::test
