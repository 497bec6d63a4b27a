// SPDX-License-Identifier: GPL-3.0-or-later
#include "experiment/claims.h"
#include "experiment/frontier.h"
#include "experiment/markdown.h"
#include "experiment/references.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <map>
#include <set>
#include <string>
#include <tuple>

namespace planish {
namespace {

/// Runs of one model by size.
using Runs = std::vector<const RunRecord*>;

/// Those to which no other is both smaller and nearer to the unquantized model, by size.
Runs frontOf(const Runs& runs) {
    std::vector<FrontierPoint> points;
    for (const RunRecord* run : runs) {
        points.push_back({run->bitsPerWeight, run->kldMean});
    }
    Runs front;
    for (const std::size_t index : paretoFront(points)) {
        front.push_back(runs[index]);
    }
    return front;
}

/// KL divergence of a front at a size: a straight line of its logarithm between neighbours; NaN beyond the
/// ends.
double divergenceAt(const Runs& front, double bits) {
    const auto after = std::find_if(front.begin(), front.end(),
                                    [&](const RunRecord* run) { return run->bitsPerWeight >= bits; });
    if (after == front.end()) {
        return notMeasured;
    }
    if ((*after)->bitsPerWeight == bits) {
        return (*after)->kldMean;
    }
    if (after == front.begin()) {
        return notMeasured;
    }
    const RunRecord& low = **std::prev(after);
    const RunRecord& high = **after;
    const double share = (bits - low.bitsPerWeight) / (high.bitsPerWeight - low.bitsPerWeight);
    return std::exp((1 - share) * std::log(low.kldMean) + share * std::log(high.kldMean));
}

std::string runTable(const Runs& runs, const Runs& front) {
    std::string text =
        markdown::tableHead({"codec", "samples", "bits/weight", "compression", "whole model", "ΔPPL %",
                             "KLD mean", "top-1 %", "quantize s", "on the frontier"});
    for (const RunRecord* run : runs) {
        const bool onFront = std::find(front.begin(), front.end(), run) != front.end();
        text += markdown::row(
            {markdown::recipeCell(run->recipe), markdown::samplesCell(*run),
             fmt::format("{:.3f}", run->bitsPerWeight), fmt::format("{:.2f}x", run->compression),
             fmt::format("{:.2f}x", run->wholeModelCompressionFp32), markdown::deltaCell(*run),
             fmt::format("{:.4f}", run->kldMean), fmt::format("{:.1f}", 100 * run->top1Agreement),
             fmt::format("{:.1f}", run->quantizeSeconds), onFront ? "yes" : ""});
    }
    return text;
}

std::string referenceTable(const ReferenceSeries& series, const std::string& model, const Runs& front) {
    std::string text;
    for (const ReferencePoint& point : series.points) {
        const double own = divergenceAt(front, point.values.bitsPerWeight);
        if (point.model != model || !std::isfinite(point.values.kldMean) || !std::isfinite(own)) {
            continue;
        }
        text += markdown::row({point.name, fmt::format("{:.3f}", point.values.bitsPerWeight),
                               markdown::signedPercent(point.values.deltaPplPercent),
                               fmt::format("{:.4f}", point.values.kldMean), fmt::format("{:.4f}", own),
                               fmt::format("{:.2f}", own / point.values.kldMean)});
    }
    return text.empty() ? text
                        : fmt::format("\n**{}** ({})\n\n", series.title, series.source) +
                              markdown::tableHead({"type", "bits/weight", "ΔPPL %", "KLD mean",
                                                   "KLD of the frontier at these bits", "ratio"}) +
                              text;
}

/// Runs on several texts or windows have no frontier in common.
void requireOneSetting(std::span<const RunRecord> records, const std::string& source) {
    std::set<std::string> settings;
    for (const RunRecord& run : records) {
        settings.insert(
            fmt::format("{}, {} windows of {}, {}", run.corpus, run.windows, run.context, run.convention));
    }
    if (settings.size() > 1) {
        throw InputError(source, "runs",
                         "all on one text, with one convention, context and number of windows",
                         fmt::format("{}", fmt::join(settings, "; ")));
    }
}

} // namespace

std::string frontierMarkdown(const FrontierComparison& comparison, std::span<const RunRecord> records,
                             const std::string& source) {
    std::map<std::string, Runs> models;
    for (const RunRecord& record : records) {
        if (std::isfinite(record.kldMean) && record.kldMean > 0) {
            models[record.model].push_back(&record);
        }
    }
    if (models.empty()) {
        throw InputError(source, "runs of " + comparison.sweep, "some with a KL divergence", "none");
    }
    requireOneSetting(records, source);
    const std::vector<ReferenceSeries> references = frontierReferences();
    std::string text = fmt::format("\n## {}\n\nRuns of `{}`. {}\n", comparison.title, comparison.sweep,
                                   comparison.explanation);
    for (auto& [model, runs] : models) {
        std::sort(runs.begin(), runs.end(), [](const RunRecord* a, const RunRecord* b) {
            return std::tie(a->bitsPerWeight, a->id) < std::tie(b->bitsPerWeight, b->id);
        });
        const Runs front = frontOf(runs);
        text += fmt::format("\n### {}\n\n", model) + runTable(runs, front);
        for (const ReferenceSeries& series : references) {
            text += referenceTable(series, model, front);
        }
    }
    return text;
}

} // namespace planish
