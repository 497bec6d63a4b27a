// SPDX-License-Identifier: GPL-3.0-or-later
#include "cli/arguments.h"
#include "cli/commands.h"
#include "cli/tables.h"
#include "cli/terminal_monitor.h"
#include "experiment/run_executor.h"
#include "experiment/sweep.h"
#include "experiment/sweep_design.h"
#include "store/results_document.h"
#include "support/system.h"
#include "support/text.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>

namespace planish::cli {
namespace {

void printRun(const RunRecord& run) {
    fmt::print("{} on {}, {} windows of {} tokens, {} convention\n", run.model, run.corpus, run.windows,
               run.context, run.convention);
    fmt::print("recipe           {}\n", run.name);
    fmt::print("bits per weight  {:.4f} ({:.2f}x); whole model {:.2f}x against fp32, {:.2f}x against bf16\n",
               run.bitsPerWeight, run.compression, run.wholeModelCompressionFp32,
               run.wholeModelCompressionBf16);
    fmt::print("PPL              {:.4f} against {:.4f}: {} %\n", run.ppl, run.baselinePpl,
               formatDelta(run.deltaPplPercent, run.deltaStandardErrorPercent));
    fmt::print("KL divergence    mean {:.6f}, median {:.6f}, 99 % {:.5f}, max {:.3f} nats\n", run.kldMean,
               run.kldMedian, run.kldP99, run.kldMax);
    fmt::print("top-1 agreement  {:.3f} %\n", 100 * run.top1Agreement);
    if (!run.calibration.empty()) {
        fmt::print("calibration      {}, {} samples of {} tokens, {} inputs{}\n", run.calibration,
                   run.calibrationSamples, run.calibrationContext, run.calibrationInputs,
                   tokenWeightingRemark(run.tokenWeights));
    }
    if (!run.trainingLoss.empty()) {
        fmt::print("training         {}, {} tokens, KL divergence {:.4f} in the last of {} steps\n",
                   run.training, run.trainingTokens, run.trainingLoss.back(), run.trainingLoss.size());
    }
    fmt::print("time             {:.2f} s to quantize{}, {:.2f} s to evaluate, {:.0f} tokens/s\n",
               run.quantizeSeconds,
               run.calibration.empty() ? "" : fmt::format(" ({:.2f} s to calibrate)", run.calibrateSeconds),
               run.evaluateSeconds, run.tokensPerSecond);
    for (const std::string& warning : run.warnings) {
        fmt::print("warning: {}\n", warning);
    }
}

void printRun(const RunRecord& run, const std::optional<RunEstimate>& estimate, bool json) {
    if (json) {
        Json document = toJson(run);
        if (estimate) {
            document["estimate"] = toJson(*estimate);
        }
        printJson(document);
    } else {
        printRun(run);
    }
}

void printBaseline(const BaselineResult& result, const RunEstimate& estimate, bool json) {
    const std::size_t scored = result.plan.tokensScored();
    const double ppl = perplexity(result.loss.nllSum, scored);
    const double error = perplexityStandardError(result.loss.windowNll, result.plan.targetsPerWindow());
    const double speed = static_cast<double>(result.plan.tokens.size()) / result.seconds;
    if (!json) {
        fmt::print("{} on {}, {} windows of {} tokens, {} convention\n", result.model.name(), result.corpus,
                   result.plan.windows, result.plan.context, conventionName(result.settings.convention));
        fmt::print("PPL   {:.4f}{}\nNLL   {:.4f} nats over {} tokens\ntime  {:.2f} s, {:.0f} tokens/s\n", ppl,
                   std::isfinite(error) ? fmt::format(" ± {:.3f}", error) : "", result.loss.nllSum, scored,
                   result.seconds, speed);
        return;
    }
    Json document;
    document["model"] = result.model.name();
    document["parameters"] = result.model.parameterCount();
    document["corpus"] = result.corpus;
    document["convention"] = conventionName(result.settings.convention);
    document["context"] = result.plan.context;
    document["stride"] = result.settings.stride;
    document["arithmetic"] = arithmeticName(arithmeticFor(result.settings));
    document["windows"] = result.plan.windows;
    document["tokens_scored"] = scored;
    document["nll_sum"] = result.loss.nllSum;
    document["ppl"] = ppl;
    document["ppl_standard_error"] = std::isfinite(error) ? Json(error) : Json(nullptr);
    document["evaluate_seconds"] = result.seconds;
    document["tokens_per_second"] = speed;
    document["peak_memory_bytes"] = peakMemoryBytes();
    document["estimate"] = toJson(estimate);
    document["window_nll"] = result.loss.windowNll;
    printJson(document);
}

struct RunArguments {
    std::string model;
    EvaluationArguments evaluation;
    RecipeArguments recipe;
    CalibrationArguments calibration;
    std::string store;
    std::uint64_t seed = 0;
    int threads = 0;
    std::uint64_t reuseMegabytes = 512;
    bool json = false;
    bool dryRun = false;

    void addTo(CLI::App& command) {
        addModel(command, model);
        evaluation.addTo(command);
        recipe.addTo(command);
        calibration.addTo(command);
        addSeed(command, seed);
        addThreads(command, threads);
        addReuse(command, reuseMegabytes);
        addJson(command, json);
        command.add_flag("--dry-run", dryRun, "only say what it will take");
    }
    Reuse reuse() const { return {reuseMegabytes << 20, false}; }
    RunSpec spec() const {
        return {model, recipe.open(), evaluation.text, evaluation.settings(), seed, calibration.settings()};
    }
};

/// The recorded run with this id, if there is one.
std::optional<RunRecord> findRun(const ResultsDocument& document, const std::string& id) {
    const auto ids = document.runIds();
    if (std::find(ids.begin(), ids.end(), id) == ids.end()) {
        return std::nullopt;
    }
    for (RunRecord& run : document.read()) {
        if (run.id == id) {
            return std::move(run);
        }
    }
    return std::nullopt;
}

/// Says what is going to happen and what it will take; warns of more memory than there is.
RunEstimate announce(RunExecutor& executor, const RunArguments& arguments, TerminalMonitor& monitor) {
    const bool quantizes = arguments.recipe.given();
    const RunSpec spec = quantizes ? arguments.spec() : RunSpec{};
    monitor.note(fmt::format("{}{} on {}", arguments.model, quantizes ? ", " + spec.recipe.name : "",
                             arguments.evaluation.text));
    const RunEstimate estimate = quantizes
                                     ? executor.estimate(spec)
                                     : executor.estimateBaseline(arguments.model, arguments.evaluation.text,
                                                                 arguments.evaluation.settings());
    monitor.note(describe(estimate));
    if (estimate.bytes() > static_cast<double>(availableMemoryBytes())) {
        monitor.note(fmt::format("warning: only {} are available; fewer windows or samples take less",
                                 formatBytes(availableMemoryBytes())));
    }
    return estimate;
}

/// Prints the estimate alone; true when that is all that was asked for.
bool onlyEstimate(const RunArguments& arguments, const RunEstimate& estimate) {
    if (arguments.dryRun && arguments.json) {
        printJson(toJson(estimate));
    } else if (arguments.dryRun) {
        for (const EstimateTerm& term : estimate.time) {
            fmt::print("{:<24} {}\n", term.name, formatSeconds(term.value));
        }
        for (const EstimateTerm& term : estimate.memory) {
            fmt::print("{:<24} {}\n", term.name, formatBytes(static_cast<std::uint64_t>(term.value)));
        }
    }
    return arguments.dryRun;
}

void runOne(const RunArguments& arguments) {
    Workers workers(arguments.threads);
    RunExecutor executor(workers, arguments.reuse());
    const RunSpec spec = arguments.spec();
    TerminalMonitor monitor;
    const RunEstimate estimate = announce(executor, arguments, monitor);
    if (onlyEstimate(arguments, estimate)) {
        return;
    }
    if (arguments.store.empty()) {
        printRun(executor.execute(spec, monitor), estimate, arguments.json);
        return;
    }
    const ResultsDocument document(arguments.store);
    ResultsWriter writer(document);
    const std::string id = executor.identify(spec, monitor);
    if (const auto recorded = findRun(document, id)) {
        monitor.note(fmt::format("already recorded as run {} in {}", id, arguments.store));
        printRun(*recorded, std::nullopt, arguments.json);
        return;
    }
    const RunRecord run = executor.execute(spec, monitor);
    writer.record(run);
    writer.fold();
    monitor.note(fmt::format("recorded as run {} in {}", id, arguments.store));
    printRun(run, estimate, arguments.json);
}

struct SweepArguments {
    std::string spec;
    std::string store;
    int threads = 0;
    std::uint64_t reuseMegabytes = Reuse().bytes >> 20;
    bool json = false;
    bool dryRun = false;
};

void printSweepEstimate(const std::vector<RunSpec>& runs, const SweepArguments& arguments) {
    Workers workers(arguments.threads);
    RunExecutor executor(workers, {arguments.reuseMegabytes << 20, true});
    const TerminalMonitor monitor;
    const SweepEstimate estimate = estimateSweep(runs, executor, monitor);
    if (arguments.json) {
        printJson({{"runs", estimate.runs},
                   {"seconds", estimate.seconds},
                   {"memory_bytes", static_cast<std::uint64_t>(estimate.memoryBytes)},
                   {"disk_bytes", estimate.diskBytes}});
        return;
    }
    fmt::print("{} runs, about {}, {} of memory and {} of disk\n", estimate.runs,
               formatSeconds(estimate.seconds), formatBytes(static_cast<std::uint64_t>(estimate.memoryBytes)),
               formatBytes(estimate.diskBytes));
}

Json reuseJson(const StateCache& states) {
    const ReuseCount& count = states.count();
    return {{"limit_bytes", states.limit()},
            {"bytes", states.bytes()},
            {"blocks_reused", count.blocksReused},
            {"blocks_computed", count.blocksComputed},
            {"hit_rate", count.hitRate()},
            {"logits_reused", count.logitsReused},
            {"logits_computed", count.logitsComputed}};
}

void runSweepCommand(const SweepArguments& arguments) {
    const std::vector<RunSpec> runs = SweepSpec::fromFile(arguments.spec).runs();
    if (arguments.dryRun) {
        printSweepEstimate(runs, arguments);
        return;
    }
    if (arguments.store.empty()) {
        throw InputError("command line", "--store", "the results document (.h5) to record in", "nothing");
    }
    const ResultsDocument document(arguments.store);
    ResultsWriter writer(document);
    const auto recorded = document.runIds();
    Workers workers(arguments.threads);
    RunExecutor executor(workers, {arguments.reuseMegabytes << 20, true});
    TerminalMonitor monitor;
    monitor.note(fmt::format("{} runs, {} threads; results go to {}", runs.size(), workers.threads(),
                             arguments.store));
    const auto outcomes =
        runSweep(runs, {recorded.begin(), recorded.end()}, executor, monitor, [&](const RunRecord& run) {
            writer.record(run);
            monitor.note(fmt::format("{}: {:.3f} bits/weight, ΔPPL {} %", run.name, run.bitsPerWeight,
                                     formatDelta(run.deltaPplPercent, run.deltaStandardErrorPercent)));
        });
    writer.fold();

    std::map<std::string, RunRecord> byId;
    for (RunRecord& run : document.read()) {
        byId.emplace(run.id, run);
    }
    Json json{{"runs", Json::array()}, {"failed", Json::array()}, {"reuse", reuseJson(executor.states())}};
    std::vector<std::vector<std::string>> rows;
    std::size_t failures = 0;
    for (const SweepOutcome& outcome : outcomes) {
        if (!outcome.error.empty()) {
            ++failures;
            const RunSpec& run = runs[outcome.index];
            json["failed"].push_back(
                {{"model", run.model}, {"recipe", run.recipe.name}, {"error", outcome.error}});
            monitor.note(fmt::format("failed: {} on {}: {}", run.recipe.name, run.model, outcome.error));
            continue;
        }
        const RunRecord& run = byId.at(outcome.id);
        json["runs"].push_back(toJson(run));
        rows.push_back(runCells(run));
    }
    if (arguments.json) {
        printJson(json);
    } else {
        printTable(runColumns(), rows);
    }
    if (failures > 0) {
        throw Error(fmt::format("{} of {} runs failed", failures, runs.size()));
    }
}

} // namespace

void addEval(CLI::App& app) {
    auto* command = app.add_subcommand("eval", "perplexity of a model, or of what a recipe makes of it");
    const auto arguments = std::make_shared<RunArguments>();
    arguments->addTo(*command);
    command->callback([arguments] {
        Workers workers(arguments->threads);
        RunExecutor executor(workers, arguments->reuse());
        TerminalMonitor monitor;
        const RunEstimate estimate = announce(executor, *arguments, monitor);
        if (onlyEstimate(*arguments, estimate)) {
            return;
        }
        if (arguments->recipe.given()) {
            printRun(executor.execute(arguments->spec(), monitor), estimate, arguments->json);
        } else {
            printBaseline(executor.evaluateBaseline(arguments->model, arguments->evaluation.text,
                                                    arguments->evaluation.settings(), monitor),
                          estimate, arguments->json);
        }
    });
}

void addRun(CLI::App& app) {
    auto* command = app.add_subcommand("run", "quantize, evaluate against the unquantized model, record");
    const auto arguments = std::make_shared<RunArguments>();
    arguments->addTo(*command);
    command->add_option("--store", arguments->store, "results document (.h5) to record in");
    command->callback([arguments] { runOne(*arguments); });
}

void addSweep(CLI::App& app) {
    auto* command =
        app.add_subcommand("sweep", "all runs of a specification; goes on where it was interrupted");
    const auto arguments = std::make_shared<SweepArguments>();
    command->add_option("SPEC", arguments->spec, "sweep specification (planish.sweep/1)")->required();
    command->add_option("--store", arguments->store, "results document (.h5) to record in");
    command->add_flag("--dry-run", arguments->dryRun, "only tell what it will take");
    addThreads(*command, arguments->threads);
    addReuse(*command, arguments->reuseMegabytes);
    addJson(*command, arguments->json);
    command->callback([arguments] { runSweepCommand(*arguments); });
}

} // namespace planish::cli
