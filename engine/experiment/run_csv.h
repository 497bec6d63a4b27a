// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "experiment/run.h"

#include <span>
#include <string>

namespace planish {

/// A table of runs as CSV (RFC 4180): the id, every scalar of runFields() under its key, and on_frontier (0
/// or 1). Numbers read back as the same values; what was not measured is empty.
std::string runsAsCsv(std::span<const RunRecord> runs);

} // namespace planish
