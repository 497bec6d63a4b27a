// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "experiment/run.h"

#include <span>
#include <string>
#include <vector>

namespace planish::cli {

/// Prints columns padded to their widest cell; cells that look like numbers are aligned right.
void printTable(const std::vector<std::string>& header, const std::vector<std::vector<std::string>>& rows);

/// "+1.23 ± 0.10 %", or without the error when it is not known.
std::string formatDelta(double percent, double standardErrorPercent);

/// Cells of one run for the columns of runColumns(): what a person compares first.
std::vector<std::string> runColumns();
std::vector<std::string> runCells(const RunRecord& run);

} // namespace planish::cli
