// SPDX-License-Identifier: GPL-3.0-or-later
#include "experiment/run_csv.h"

#include "experiment/frontier.h"

#include <fmt/format.h>

#include <cmath>

namespace planish {
namespace {

std::string cell(const std::string& text) {
    if (text.find_first_of(",\"\r\n") == std::string::npos) {
        return text;
    }
    std::string quoted = "\"";
    for (const char c : text) {
        quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
    }
    return quoted + '"';
}

std::string cell(std::uint64_t value) {
    return std::to_string(value);
}

std::string cell(double value) {
    return std::isfinite(value) ? fmt::format("{}", value) : std::string();
}

} // namespace

std::string runsAsCsv(std::span<const RunRecord> runs) {
    std::string csv = "run";
    for (const RunField& field : runFields()) {
        csv += fmt::format(",{}", field.key);
    }
    csv += ",on_frontier\r\n";
    const std::vector<bool> optimal = onFrontier(runs);
    for (std::size_t i = 0; i < runs.size(); ++i) {
        csv += cell(runs[i].id);
        for (const RunField& field : runFields()) {
            csv += ',';
            csv += std::visit([&](auto member) { return cell(runs[i].*member); }, field.member);
        }
        csv += optimal[i] ? ",1\r\n" : ",0\r\n";
    }
    return csv;
}

std::string comparisonAsCsv(const RunComparison& comparison) {
    std::string csv = "of,quantity,unit,run,name,value,standard_error,significant\r\n";
    const auto add = [&](const std::string& of, const char* quantity, const char* unit, std::size_t run,
                         const std::string& value, const std::string& error = "",
                         const std::string& significant = "") {
        csv += fmt::format("{},{},{},{},{},{},{},{}\r\n", cell(of), quantity, unit, cell(comparison.ids[run]),
                           cell(comparison.names[run]), value, error, significant);
    };
    for (std::size_t run = 0; run < comparison.ids.size(); ++run) {
        const PairedDifference& paired = comparison.differences[run];
        if (paired.incomparable.empty()) {
            add("run", "ppl_difference_percent", "%", run, cell(paired.pplPercent),
                cell(paired.standardErrorPercent), paired.significant ? "1" : "0");
        }
        for (const MetricComparison& metric : comparison.metrics) {
            add("run", metric.field->key, metric.field->unit, run, cell(metric.values[run]));
        }
        for (const TensorComparison& tensor : comparison.tensors) {
            add(tensor.name, "codec", "", run, cell(tensor.codecs[run]));
            add(tensor.name, "bits_per_weight", "bits", run, cell(tensor.bitsPerWeight[run]));
            add(tensor.name, "relative_error", "", run, cell(tensor.relativeError[run]));
            add(tensor.name, "size_share", "", run, cell(tensor.sizeShare[run]));
        }
    }
    return csv;
}

} // namespace planish
