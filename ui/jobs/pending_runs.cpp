// SPDX-License-Identifier: GPL-3.0-or-later
#include "jobs/pending_runs.h"

#include "experiment/sweep.h"

#include <fmt/format.h>

namespace planish {

namespace {

constexpr const char* schemaName = "planish.queue/1";

/// A sweep that has this run and no other.
SweepSpec sweepOf(const RunSpec& run) {
    SweepSpec sweep;
    sweep.name = run.recipe.name;
    sweep.models = {run.model};
    sweep.corpora = {run.corpus};
    sweep.recipes = {run.recipe};
    sweep.evaluation = run.evaluation;
    sweep.seed = run.seed;
    sweep.calibration = run.calibration;
    if (run.calibration) {
        sweep.samples = {run.calibration->samples};
    }
    return sweep;
}

} // namespace

Json toJson(const std::vector<PendingRun>& runs) {
    Json document{{"schema", schemaName}, {"runs", Json::array()}};
    for (const PendingRun& run : runs) {
        document["runs"].push_back({{"document", run.document},
                                    {"selects_known", run.selectsKnown},
                                    {"run", sweepOf(*run.spec).toJson()}});
    }
    return document;
}

std::vector<PendingRun> pendingRunsFromJson(const Json& document, const std::string& source) {
    const JsonObject object(document, source);
    object.allowOnly({"schema", "runs"});
    if (const std::string schema = object.string("schema"); schema != schemaName) {
        throw InputError(source, "schema", schemaName, schema);
    }
    std::vector<PendingRun> runs;
    for (const Json& item : object.array("runs")) {
        const std::string place = fmt::format("{}: run {}", source, runs.size() + 1);
        const JsonObject fields(item, place);
        fields.allowOnly({"document", "selects_known", "run"});
        const std::vector<RunSpec> specs = SweepSpec::fromJson(fields.at("run"), place, "").runs();
        if (specs.size() != 1) {
            throw InputError(place, "run", "one run", fmt::format("{}", specs.size()));
        }
        runs.push_back({std::make_shared<const RunSpec>(specs.front()), fields.string("document"),
                        fields.boolean("selects_known", false)});
    }
    return runs;
}

} // namespace planish
