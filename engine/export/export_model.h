// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "export/export_plan.h"
#include "inference/packed_model.h"
#include "recipe/recipe.h"
#include "support/json.h"

#include <filesystem>
#include <vector>

namespace planish {

/// What a finished export is.
struct ExportResult {
    ExportPlan plan; ///< with the errors found
    std::vector<std::filesystem::path> files;
    std::vector<std::string> notes; ///< for people; those of the plan and what else there is to say
};

/// Throws InputError where an export would be refused for a file that is there: to be known before packing.
void requireFree(const Model& model, const ExportSettings& settings);

/// Writes a packed model for other programs. The files are written aside and synced, opened again by the
/// readers of their kind of file and compared with what was to be written (every value, the shape of the
/// model, the tokenizer), and only then renamed into the folder. `record` says what was measured and goes
/// with `planish` files; null without. Stages "write" and "compare". Throws InputError, Error and Cancelled.
ExportResult exportModel(const PackedModel& model, const Recipe& recipe, const Json& record,
                         const ExportSettings& settings, Workers& workers, JobMonitor& monitor);

} // namespace planish
