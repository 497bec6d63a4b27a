// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "experiment/run.h"
#include "support/json.h"

#include <memory>
#include <string>
#include <vector>

namespace planish {

/// A run that is queued or being measured, as much of it as is needed to queue it again.
struct PendingRun {
    std::shared_ptr<const RunSpec> spec;
    std::string document;      ///< path of the results document it is to be recorded in
    bool selectsKnown = false; ///< whether a run found recorded already is selected, or passed over
};

/// {"schema": "planish.queue/1", "runs": [{"document": …, "selects_known": …, "run": a sweep of one run}]}.
Json toJson(const std::vector<PendingRun>& runs);
/// Throws InputError naming `source` and field.
std::vector<PendingRun> pendingRunsFromJson(const Json& document, const std::string& source);

} // namespace planish
