// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "experiment/run.h"
#include "export/export_plan.h"

#include <QString>
#include <functional>

namespace planish {

class JobQueue;

/// Queues an export: the model is packed as a run of `spec` would pack it, and written. `done` is called on
/// the queue's thread with what to tell people.
void queueExport(JobQueue& queue, const RunSpec& spec, const ExportSettings& settings,
                 std::function<void(const QString& message)> done);

} // namespace planish
