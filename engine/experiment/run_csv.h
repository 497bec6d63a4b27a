// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "experiment/compare.h"
#include "experiment/run.h"

#include <span>
#include <string>

namespace planish {

/// A table of runs as CSV (RFC 4180): the id, every scalar of runFields() under its key, and on_frontier (0
/// or 1). Numbers read back as the same values; what was not measured is empty.
std::string runsAsCsv(std::span<const RunRecord> runs);

/// A comparison as CSV, a line a number: what it is of ("run" or the tensor's name), quantity, unit, the
/// run's id and name, the value (a codec for "codec"), and for the paired difference of perplexity its
/// standard error and whether it is significant (0 or 1).
std::string comparisonAsCsv(const RunComparison& comparison);

} // namespace planish
