// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "experiment/run.h"
#include "experiment/run_executor.h"

#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace planish {

/// A set of runs from one specification (schema planish.sweep/1): every recipe on every model and text, and
/// those that use statistics of inputs with every count of calibration samples.
struct SweepSpec {
    std::string name;
    std::vector<std::string> models;
    std::vector<std::string> corpora;
    std::vector<Recipe> recipes; ///< "codecs" of the file become uniform recipes
    EvaluationSettings evaluation;
    std::uint64_t seed = 0;
    std::optional<CalibrationSettings> calibration; ///< not given: each recipe decides
    std::vector<std::size_t> samples;               ///< of the calibration; not empty when there is one

    /// Recipes may be given inline, as a path relative to `folder`, or as the name of a preset.
    static SweepSpec fromJson(const Json& document, const std::string& source, const std::string& folder);
    static SweepSpec fromFile(const std::string& path);
    Json toJson() const;

    /// The runs, ordered so that those sharing a model and text follow each other. Recipes of which no codec
    /// uses statistics are run once and without calibration.
    std::vector<RunSpec> runs() const;
};

/// What happened to one run of a sweep.
struct SweepOutcome {
    std::size_t index = 0;
    bool alreadyRecorded = false;
    std::string id;
    std::string error; ///< empty unless it failed
};

/// Executes the runs whose ids are not in `recorded`, handing each finished record to `finished` before the
/// next one starts. A failing run does not stop the others. Throws Cancelled; all that was handed over stays
/// valid.
std::vector<SweepOutcome> runSweep(const std::vector<RunSpec>& runs, const std::set<std::string>& recorded,
                                   RunExecutor& executor, JobMonitor& monitor,
                                   const std::function<void(const RunRecord&)>& finished);

} // namespace planish
