// SPDX-License-Identifier: GPL-3.0-or-later
#include "cli/arguments.h"
#include "cli/commands.h"
#include "cli/recorded_runs.h"
#include "cli/tables.h"
#include "experiment/compare.h"
#include "experiment/frontier.h"
#include "experiment/run_csv.h"
#include "export/recipe_export.h"
#include "model/model.h"
#include "plots/frontier_figure.h"
#include "recipe/open_recipe.h"
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

void printComparison(const RunComparison& comparison) {
    std::vector<std::string> header{"metric"};
    for (std::size_t i = 0; i < comparison.ids.size(); ++i) {
        header.push_back(fmt::format("{} ({})", comparison.names[i], comparison.ids[i].substr(0, 6)));
    }
    std::vector<std::vector<std::string>> rows;
    for (const MetricComparison& metric : comparison.metrics) {
        const std::string unit = *metric.field->unit == '\0' ? "" : fmt::format(" ({})", metric.field->unit);
        rows.push_back({metric.field->title + unit});
        for (const double value : metric.values) {
            const bool whole = value == std::floor(value) && std::abs(value) < 1e15;
            rows.back().push_back(whole ? fmt::format("{:.0f}", value) : fmt::format("{:.6g}", value));
        }
    }
    rows.push_back({fmt::format("PPL against {} (%)", comparison.names.front())});
    for (const PairedDifference& difference : comparison.differences) {
        rows.back().push_back(difference.incomparable.empty()
                                  ? formatDelta(difference.pplPercent, difference.standardErrorPercent) +
                                        (difference.significant ? " *" : "")
                                  : "not comparable: " + difference.incomparable);
    }
    printTable(header, rows);
    fmt::print("* farther from zero than two standard errors of the paired difference\n");
    const auto differing = comparison.recipeDifferences();
    if (differing.empty()) {
        fmt::print("\nThe recipes are the same.\n");
        return;
    }
    fmt::print("\nTensors stored differently: codec, bits/weight, relative error\n");
    rows.clear();
    header.front() = "tensor";
    for (const TensorComparison& tensor : differing) {
        rows.push_back({tensor.name});
        for (std::size_t i = 0; i < tensor.codecs.size(); ++i) {
            rows.back().push_back(fmt::format("{} {:.3f} {:.2e}", tensor.codecs[i], tensor.bitsPerWeight[i],
                                              tensor.relativeError[i]));
        }
    }
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

void addCompare(CLI::App& app) {
    struct Arguments {
        std::string store;
        std::vector<std::string> runs;
        std::string csv;
        bool json = false;
    };
    auto* command = app.add_subcommand("compare", "runs side by side, overall and per tensor");
    const auto arguments = std::make_shared<Arguments>();
    command->add_option("STORE", arguments->store, "results document (.h5)")->required();
    command
        ->add_option("RUN", arguments->runs,
                     "ids, beginnings of ids, or names; differences are against the first")
        ->required()
        ->expected(2, 64);
    command->add_option("--csv", arguments->csv, "also write all of it as CSV");
    addJson(*command, arguments->json);
    command->callback([arguments] {
        const std::vector<RunRecord> all = readRuns(arguments->store);
        std::vector<RunRecord> chosen;
        for (const std::string& key : arguments->runs) {
            chosen.push_back(findRun(all, key, arguments->store));
        }
        const RunComparison comparison = compareRuns(chosen);
        if (!arguments->csv.empty()) {
            replaceFile(arguments->csv, comparisonAsCsv(comparison));
        }
        if (arguments->json) {
            printJson(toJson(comparison));
        } else {
            printComparison(comparison);
        }
    });
}

void addExport(CLI::App& app) {
    struct Arguments {
        std::string model;
        std::string recipe;
        std::string codec;
        std::string run;
        std::string store;
        std::string format;
        std::string out;
        bool overwrite = false;
    };
    auto* command = app.add_subcommand("export", "write what other programs load");
    const auto arguments = std::make_shared<Arguments>();
    addModel(*command, arguments->model);
    auto* recipe =
        command->add_option("--recipe", arguments->recipe, "recipe: a file, a preset's name, or inline JSON");
    auto* codec =
        command->add_option("--codec", arguments->codec, "one codec for all attention and MLP weights")
            ->excludes(recipe);
    command->add_option("--run", arguments->run, "the recipe of a recorded run")
        ->excludes(recipe)
        ->excludes(codec);
    command->add_option("--store", arguments->store, "results document that has the run");
    command->add_option("--format", arguments->format, "recipe: the recipe as JSON")
        ->required()
        ->check(CLI::IsMember({"recipe"}));
    command->add_option("--out", arguments->out, "folder to write, made when missing")->required();
    command->add_flag("--overwrite", arguments->overwrite, "replace files that are there");
    command->callback([arguments] {
        const Model model = Model::open(arguments->model);
        Recipe chosen;
        if (!arguments->run.empty()) {
            if (arguments->store.empty()) {
                throw InputError("command line", "--store", "the results document that has the run",
                                 "nothing");
            }
            const std::vector<RunRecord> runs = readRuns(arguments->store);
            chosen = findRun(runs, arguments->run, arguments->store).recipe;
        } else {
            chosen = RecipeArguments{arguments->recipe, arguments->codec}.open();
        }
        resolve(chosen, model.tensors(),
                model.config().tiedEmbedding); // throws when it does not fit this model
        fmt::print("{}\n", exportRecipe(chosen, arguments->out, arguments->overwrite).string());
    });
}

} // namespace planish::cli
