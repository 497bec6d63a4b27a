// SPDX-License-Identifier: GPL-3.0-or-later
#include "cli/arguments.h"
#include "cli/commands.h"
#include "cli/recorded_runs.h"
#include "cli/tables.h"
#include "cli/terminal_monitor.h"
#include "experiment/run_csv.h"
#include "experiment/side_by_side.h"
#include "support/file.h"

#include <fmt/format.h>

#include <cmath>
#include <memory>

namespace planish::cli {
namespace {

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
    rows.push_back({"95 % interval (%)"});
    for (const PairedDifference& difference : comparison.differences) {
        rows.back().push_back(
            std::isfinite(difference.lowPercent)
                ? fmt::format("{:+.2f} to {:+.2f}", difference.lowPercent, difference.highPercent)
                : "");
    }
    printTable(header, rows);
    fmt::print("* the interval, from a block bootstrap over the windows, does not hold zero\n");
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

struct CompareArguments {
    std::string store;
    std::vector<std::string> runs;
    std::string csv;
    SideBySideSpec text;
    int threads = 0;
    bool json = false;

    bool hasText() const { return !text.passage.empty() || !text.prompt.empty(); }
};

/// Lets the compared models read and write the text asked for.
SideBySide readTogether(CompareArguments arguments, const std::vector<RunRecord>& runs) {
    for (const RunRecord& run : runs) {
        if (run.modelFingerprint != runs.front().modelFingerprint) {
            throw InputError(arguments.store, "runs", "runs of one model to read the same text",
                             runs.front().model + " and " + run.model);
        }
        arguments.text.models.push_back(SideBySideModel::of(run));
    }
    arguments.text.fingerprint = runs.front().modelFingerprint;
    if (arguments.text.model.empty()) {
        arguments.text.model = runs.front().model;
    }
    Workers workers(arguments.threads);
    TerminalMonitor monitor;
    return lookSideBySide(arguments.text, workers, monitor);
}

Json toJson(const SideBySide& read) {
    Json document{{"models", read.names}, {"tokens", Json::array()}, {"continuations", read.continuations}};
    for (const ScoredToken& token : read.tokens) {
        Json losses = Json::array();
        for (const double nll : token.nll) {
            losses.push_back(std::isfinite(nll) ? Json(nll) : Json(nullptr));
        }
        document["tokens"].push_back({{"text", token.text}, {"nll", losses}});
    }
    return document;
}

void printText(const SideBySide& read) {
    if (!read.tokens.empty()) {
        fmt::print("\nLoss of each token in nats\n");
        std::vector<std::string> header{"token"};
        header.insert(header.end(), read.names.begin(), read.names.end());
        std::vector<std::vector<std::string>> rows;
        for (const ScoredToken& token : read.tokens) {
            rows.push_back({Json(token.text).dump()});
            for (const double nll : token.nll) {
                rows.back().push_back(std::isfinite(nll) ? fmt::format("{:.4f}", nll) : "");
            }
        }
        printTable(header, rows);
    }
    for (std::size_t i = 0; i < read.continuations.size(); ++i) {
        fmt::print("\n{} continues:\n{}\n", read.names[i], read.continuations[i]);
    }
}

} // namespace

void addCompare(CLI::App& app) {
    auto* command = app.add_subcommand("compare", "runs side by side, overall, per tensor, and on a text");
    const auto arguments = std::make_shared<CompareArguments>();
    arguments->text.continuationSize = 64;
    command->add_option("STORE", arguments->store, "results document (.h5)")->required();
    command
        ->add_option("RUN", arguments->runs,
                     "ids, beginnings of ids, or names; differences are against the first")
        ->required()
        ->expected(2, 64);
    command->add_option("--csv", arguments->csv, "also write all of it as CSV");
    command->add_option("--passage", arguments->text.passage,
                        "a text: the loss of each of its tokens in each run");
    command->add_option("--prompt", arguments->text.prompt, "a text for each run to continue");
    command->add_option("--tokens", arguments->text.continuationSize, "tokens to continue it by at most")
        ->check(CLI::Range(1, 1'000'000))
        ->capture_default_str();
    command
        ->add_option("--temperature", arguments->text.sampling.temperature, "0: always the most likely token")
        ->check(CLI::Range(0.0, 100.0))
        ->capture_default_str();
    command->add_option("--model", arguments->text.model, "folder of the runs' model, unless it is bundled");
    addSeed(*command, arguments->text.sampling.seed);
    addThreads(*command, arguments->threads);
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
        Json document = planish::toJson(comparison);
        if (!arguments->json) {
            printComparison(comparison);
        }
        if (arguments->hasText()) {
            const SideBySide read = readTogether(*arguments, chosen);
            if (arguments->json) {
                document["text"] = toJson(read);
            } else {
                printText(read);
            }
        }
        if (arguments->json) {
            printJson(document);
        }
    });
}

} // namespace planish::cli
