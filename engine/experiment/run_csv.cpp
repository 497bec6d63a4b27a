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

} // namespace planish
