// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "experiment/run.h"

#include <string>
#include <vector>

namespace planish::cli {

/// All runs of a results document; what cannot be read of it is told on stderr. Throws InputError when there
/// is no document.
std::vector<RunRecord> readRuns(const std::string& store);

/// The run a person means by an id, the start of one, or a recipe name that only one run has. Throws
/// InputError naming `store` for none or several.
const RunRecord& findRun(const std::vector<RunRecord>& runs, const std::string& key,
                         const std::string& store);

} // namespace planish::cli
