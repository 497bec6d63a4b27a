// SPDX-License-Identifier: GPL-3.0-or-later
#include "cli/tables.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace planish::cli {
namespace {

/// Columns a terminal shows: UTF-8 continuation bytes take none.
std::size_t width(const std::string& text) {
    return static_cast<std::size_t>(std::count_if(
        text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

bool numeric(const std::string& text) {
    return !text.empty() && text.find_first_not_of("+-0123456789.,± %xe") == std::string::npos;
}

} // namespace

void printTable(const std::vector<std::string>& header, const std::vector<std::vector<std::string>>& rows) {
    std::vector<std::size_t> widths;
    std::vector<bool> right(header.size(), !rows.empty());
    for (std::size_t column = 0; column < header.size(); ++column) {
        widths.push_back(width(header[column]));
        for (const auto& row : rows) {
            widths[column] = std::max(widths[column], width(row[column]));
            right[column] = right[column] && (numeric(row[column]) || row[column].empty());
        }
    }
    const auto print = [&](const std::vector<std::string>& cells) {
        std::string line;
        for (std::size_t column = 0; column < cells.size(); ++column) {
            const std::string padding(widths[column] - width(cells[column]), ' ');
            line += (column == 0 ? "" : "  ") +
                    (right[column] ? padding + cells[column] : cells[column] + padding);
        }
        line.erase(line.find_last_not_of(' ') + 1);
        fmt::print("{}\n", line);
    };
    print(header);
    for (const auto& row : rows) {
        print(row);
    }
}

std::string formatDelta(double percent, double standardErrorPercent) {
    return std::isfinite(standardErrorPercent)
               ? fmt::format("{:+.2f} ± {:.2f}", percent, standardErrorPercent)
               : fmt::format("{:+.2f}", percent);
}

std::vector<std::string> runColumns() {
    return {"run", "model",  "text",     "recipe",   "bits/weight", "compression",
            "PPL", "ΔPPL %", "KLD mean", "KLD 99 %", "top-1 %"};
}

std::vector<std::string> runCells(const RunRecord& run) {
    return {run.id,
            run.model,
            fmt::format("{} {}×{}", run.corpus, run.windows, run.context),
            run.name,
            fmt::format("{:.3f}", run.bitsPerWeight),
            fmt::format("{:.2f}x", run.compression),
            fmt::format("{:.3f}", run.ppl),
            formatDelta(run.deltaPplPercent, run.deltaStandardErrorPercent),
            fmt::format("{:.5f}", run.kldMean),
            fmt::format("{:.4f}", run.kldP99),
            fmt::format("{:.2f}", 100 * run.top1Agreement)};
}

} // namespace planish::cli
