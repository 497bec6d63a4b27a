// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "experiment/run.h"

#include <string>
#include <vector>

/// Pieces of the pages that are generated from runs.
namespace planish::markdown {

/// One line of a table.
std::string row(const std::vector<std::string>& cells);
/// The titles of a table and the line below them.
std::string tableHead(const std::vector<std::string>& titles);
/// ΔPPL in %, with its standard error where there is one.
std::string deltaCell(const RunRecord& run);
/// With a sign, and without decimals where they say nothing.
std::string signedPercent(double percent);
/// How many samples it was calibrated on, and whether their tokens were weighted; "" for none.
std::string samplesCell(const RunRecord& run);
/// The codecs of a recipe's rules; of a long recipe its name and how many they are.
std::string recipeCell(const Recipe& recipe);

} // namespace planish::markdown
