// SPDX-License-Identifier: GPL-3.0-or-later
#include "experiment/references.h"

#include "support/json.h"
#include "support/system.h"

namespace planish {
namespace {

ReferencePoint pointOf(const JsonObject& object) {
    object.allowOnly({"name", "model", "bits_per_weight", "delta_ppl_percent", "kld_mean"});
    ReferencePoint point;
    point.name = object.string("name");
    point.model = object.string("model", "");
    RunRecord& values = point.values;
    values.bitsPerWeight = object.number("bits_per_weight");
    if (!(values.bitsPerWeight > 0)) {
        throw InputError(object.source(), object.fieldPath("bits_per_weight"), "above 0",
                         std::to_string(values.bitsPerWeight));
    }
    values.compression = 32 / values.bitsPerWeight;
    values.deltaPplPercent = object.number("delta_ppl_percent");
    values.kldMean = object.number("kld_mean", notMeasured);
    values.ppl = notMeasured;
    values.top1Agreement = notMeasured;
    values.wholeModelCompressionFp32 = notMeasured;
    return point;
}

} // namespace

std::vector<ReferenceSeries> frontierReferences() {
    const std::string path = (resourceFolder() / "references" / "frontier.json").string();
    const Json document = parseJsonFile(path, 1U << 20);
    const JsonObject object(document, path);
    object.allowOnly({"schema", "series"});
    if (object.string("schema") != "planish.references/1") {
        throw InputError(path, "schema", "planish.references/1", object.string("schema"));
    }
    std::vector<ReferenceSeries> all;
    for (std::size_t i = 0; i < object.array("series").size(); ++i) {
        const std::string at = "series[" + std::to_string(i) + "]";
        const JsonObject entry(object.array("series")[i], path, at);
        entry.allowOnly({"title", "source", "points"});
        ReferenceSeries series{entry.string("title"), entry.string("source"), {}};
        for (std::size_t k = 0; k < entry.array("points").size(); ++k) {
            const Json& point = entry.array("points")[k];
            series.points.push_back(
                pointOf(JsonObject(point, path, at + ".points[" + std::to_string(k) + "]")));
        }
        all.push_back(std::move(series));
    }
    return all;
}

} // namespace planish
