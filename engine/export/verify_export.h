// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "export/export_plan.h"
#include "inference/packed_model.h"

#include <filesystem>

namespace planish {

/// Opens what was written as any model is opened and compares it with what was to be written: the shape of
/// the model, every value (equal where the plan says exact, else as near as the type rounds), and the tokens
/// of a text. Throws Error naming the first difference.
void verifyExport(const PackedModel& expected, const ExportPlan& plan, const std::filesystem::path& written,
                  Workers& workers, JobMonitor& monitor);

} // namespace planish
