// SPDX-License-Identifier: GPL-3.0-or-later
#include "experiment/compare.h"

#include "evaluation/metrics.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <type_traits>

namespace planish {
namespace {

Json finiteOrNull(double value) {
    return std::isfinite(value) ? Json(value) : Json(nullptr);
}

Json finiteOrNull(const std::vector<double>& values) {
    Json array = Json::array();
    for (const double value : values) {
        array.push_back(finiteOrNull(value));
    }
    return array;
}

/// The first setting in which two runs differ, or "".
std::string whyIncomparable(const RunRecord& a, const RunRecord& b) {
    const auto differ = [](const char* what, const auto& x, const auto& y) {
        return x == y ? std::string() : fmt::format("{}: {} and {}", what, x, y);
    };
    const std::string reasons[] = {
        differ("model", a.modelFingerprint, b.modelFingerprint),
        differ("text", a.corpusSha256, b.corpusSha256),
        differ("convention", a.convention, b.convention),
        differ("context", a.context, b.context),
        differ("stride", a.stride, b.stride),
        differ("windows", a.windows, b.windows),
        differ("tokens scored", a.tokensScored, b.tokensScored),
        differ("recorded windows", a.windowNll.size(), b.windowNll.size()),
    };
    for (const std::string& reason : reasons) {
        if (!reason.empty()) {
            return reason;
        }
    }
    return a.windowNll.empty() || a.tokensScored == 0 ? "no windows recorded" : "";
}

std::vector<MetricComparison> compareMetrics(std::span<const RunRecord> runs) {
    std::vector<MetricComparison> metrics;
    for (const RunField& field : runFields()) {
        MetricComparison metric{&field, {}};
        std::visit(
            [&](auto member) {
                using Value = std::remove_cvref_t<decltype(runs.front().*member)>;
                if constexpr (std::is_arithmetic_v<Value>) {
                    for (const RunRecord& run : runs) {
                        metric.values.push_back(static_cast<double>(run.*member));
                    }
                }
            },
            field.member);
        if (!metric.values.empty()) {
            metrics.push_back(std::move(metric));
        }
    }
    return metrics;
}

std::vector<TensorComparison> compareTensors(std::span<const RunRecord> runs) {
    std::vector<TensorComparison> tensors;
    std::map<std::string, std::size_t> places;
    for (std::size_t r = 0; r < runs.size(); ++r) {
        double allBytes = 0;
        for (const TensorResult& result : runs[r].tensors) {
            allBytes += static_cast<double>(result.bytes);
        }
        for (const TensorResult& result : runs[r].tensors) {
            const auto [place, added] = places.try_emplace(result.name, tensors.size());
            if (added) {
                const std::vector<double> unknown(runs.size(), notMeasured);
                tensors.push_back(
                    {result.name, std::vector<std::string>(runs.size()), unknown, unknown, unknown});
            }
            TensorComparison& tensor = tensors[place->second];
            tensor.codecs[r] = result.codec;
            tensor.bitsPerWeight[r] = result.bitsPerWeight;
            tensor.relativeError[r] = result.relativeError;
            tensor.sizeShare[r] = static_cast<double>(result.bytes) / allBytes;
        }
    }
    for (TensorComparison& tensor : tensors) {
        tensor.codecDiffers = std::any_of(tensor.codecs.begin(), tensor.codecs.end(),
                                          [&](const auto& codec) { return codec != tensor.codecs.front(); });
    }
    return tensors;
}

} // namespace

PairedDifference pairedDifference(const RunRecord& run, const RunRecord& reference) {
    PairedDifference result;
    result.incomparable = whyIncomparable(run, reference);
    if (!result.incomparable.empty()) {
        return result;
    }
    const std::size_t tokens = run.tokensScored / run.windowNll.size();
    const PerplexityDelta delta = perplexityDelta(run.windowNll, reference.windowNll, tokens);
    const PerplexityInterval interval = perplexityInterval(run.windowNll, reference.windowNll, tokens);
    result.pplPercent = delta.percent;
    result.standardErrorPercent = delta.standardErrorPercent;
    result.lowPercent = interval.lowPercent;
    result.highPercent = interval.highPercent;
    result.significant = interval.lowPercent > 0 || interval.highPercent < 0;
    return result;
}

std::vector<TensorComparison> RunComparison::recipeDifferences() const {
    std::vector<TensorComparison> result;
    std::copy_if(tensors.begin(), tensors.end(), std::back_inserter(result),
                 [](const TensorComparison& tensor) { return tensor.codecDiffers; });
    return result;
}

RunComparison compareRuns(std::span<const RunRecord> runs) {
    if (runs.size() < 2) {
        throw InputError("comparison", "runs", "at least two", fmt::format("{}", runs.size()));
    }
    RunComparison comparison;
    for (const RunRecord& run : runs) {
        comparison.ids.push_back(run.id);
        comparison.names.push_back(run.name);
        comparison.differences.push_back(pairedDifference(run, runs.front()));
    }
    comparison.metrics = compareMetrics(runs);
    comparison.tensors = compareTensors(runs);
    return comparison;
}

Json toJson(const RunComparison& comparison) {
    Json json = Json::object();
    json["runs"] = comparison.ids;
    json["names"] = comparison.names;
    json["metrics"] = Json::object();
    for (const MetricComparison& metric : comparison.metrics) {
        json["metrics"][metric.field->key] = finiteOrNull(metric.values);
    }
    json["differences"] = Json::array();
    for (const PairedDifference& difference : comparison.differences) {
        Json entry = Json::object();
        entry["ppl_percent"] = finiteOrNull(difference.pplPercent);
        entry["standard_error_percent"] = finiteOrNull(difference.standardErrorPercent);
        entry["interval_percent"] = {finiteOrNull(difference.lowPercent),
                                     finiteOrNull(difference.highPercent)};
        entry["significant"] = difference.significant;
        if (!difference.incomparable.empty()) {
            entry["incomparable"] = difference.incomparable;
        }
        json["differences"].push_back(std::move(entry));
    }
    json["tensors"] = Json::array();
    for (const TensorComparison& tensor : comparison.tensors) {
        Json entry = Json::object();
        entry["name"] = tensor.name;
        entry["codec"] = tensor.codecs;
        entry["codec_differs"] = tensor.codecDiffers;
        entry["bits_per_weight"] = finiteOrNull(tensor.bitsPerWeight);
        entry["relative_error"] = finiteOrNull(tensor.relativeError);
        entry["size_share"] = finiteOrNull(tensor.sizeShare);
        json["tensors"].push_back(std::move(entry));
    }
    return json;
}

} // namespace planish
