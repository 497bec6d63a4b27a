// SPDX-License-Identifier: GPL-3.0-or-later
#include "cli/arguments.h"
#include "cli/commands.h"
#include "cli/recorded_runs.h"
#include "cli/tables.h"
#include "experiment/frontier.h"
#include "experiment/run_csv.h"
#include "plots/frontier_figure.h"
#include "support/file.h"

#include <fmt/format.h>

#include <QApplication>
#include <algorithm>
#include <cmath>
#include <map>
#include <memory>
#include <tuple>

namespace planish::cli {
namespace {

struct FrontierArguments {
    std::string store;
    std::string csv;
    std::vector<std::string> figures;
    bool json = false;
};

/// Draws without a screen: the picture needs Qt's font and paint machinery, not a window.
void writeFigures(const std::vector<RunRecord>& runs, const std::vector<std::string>& paths) {
    if (paths.empty()) {
        return;
    }
    qputenv("QT_QPA_PLATFORM", "offscreen");
    int count = 1;
    char name[] = "planish-cli";
    char* values[] = {name, nullptr};
    const QApplication application(count, values);
    for (const std::string& path : paths) {
        writeFrontierFigure(runs, QString::fromStdString(path));
    }
}

void printFrontier(const std::vector<RunRecord>& runs, bool json) {
    const std::vector<bool> optimal = onFrontier(runs);
    std::vector<std::size_t> order(runs.size());
    for (std::size_t i = 0; i < order.size(); ++i) {
        order[i] = i;
    }
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
        return std::tie(runs[a].model, runs[a].corpus, runs[a].bitsPerWeight) <
               std::tie(runs[b].model, runs[b].corpus, runs[b].bitsPerWeight);
    });
    Json document{{"runs", Json::array()}};
    std::vector<std::vector<std::string>> rows;
    for (const std::size_t i : order) {
        Json run = toJson(runs[i]);
        run["on_frontier"] = static_cast<bool>(optimal[i]);
        document["runs"].push_back(std::move(run));
        rows.push_back(runCells(runs[i]));
        rows.back().insert(rows.back().begin(), optimal[i] ? "*" : "");
    }
    if (json) {
        printJson(document);
        return;
    }
    std::vector<std::string> header = runColumns();
    header.insert(header.begin(), "best");
    printTable(header, rows);
}

} // namespace

void addFrontier(CLI::App& app) {
    auto* command =
        app.add_subcommand("frontier", "the best runs of a results document, as table and picture");
    const auto arguments = std::make_shared<FrontierArguments>();
    command->add_option("STORE", arguments->store, "results document (.h5)")->required();
    command->add_option("--csv", arguments->csv, "write every run as a CSV file");
    const auto figure = std::make_shared<std::map<std::string, std::string>>();
    for (const char* format : {"png", "svg", "pdf"}) {
        command->add_option(std::string("--") + format, (*figure)[format],
                            std::string("draw the frontier as a .") + format + " file");
    }
    addJson(*command, arguments->json);
    command->callback([arguments, figure] {
        const std::vector<RunRecord> runs = readRuns(arguments->store);
        for (const auto& [format, path] : *figure) {
            if (path.empty()) {
                continue;
            }
            if (!path.ends_with("." + format)) {
                throw InputError("command line", "--" + format, "a file name ending in ." + format, path);
            }
            arguments->figures.push_back(path);
        }
        writeFigures(runs, arguments->figures);
        if (!arguments->csv.empty()) {
            replaceFile(arguments->csv, runsAsCsv(runs));
        }
        printFrontier(runs, arguments->json);
    });
}

} // namespace planish::cli
