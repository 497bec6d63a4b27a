// SPDX-License-Identifier: GPL-3.0-or-later
#include "cli/arguments.h"
#include "cli/commands.h"
#include "cli/tables.h"
#include "cli/terminal_monitor.h"
#include "experiment/allocate.h"
#include "recipe/open_recipe.h"
#include "store/results_document.h"
#include "support/file.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <memory>

namespace planish::cli {
namespace {

/// What both commands study: noise and errors of codecs.
struct StudyArguments {
    std::string model;
    std::vector<std::string> codecs;
    std::string text;
    std::size_t context = 0;
    std::size_t windows = 0;
    std::size_t repeats = SensitivitySettings().mostRepeats;
    bool wholeModel = false;
    bool exact = false;
    CalibrationArguments calibration;
    std::uint64_t seed = 0;
    int threads = 0;
    std::uint64_t reuseMegabytes = Reuse().bytes >> 20;
    std::string store;
    bool json = false;

    /// `prefix` tells apart the windows of the study from those that runs are measured on.
    void addTo(CLI::App& command, const std::string& textOption, const std::string& prefix) {
        const CLI::Range count(1, 1'000'000'000);
        text = SensitivitySpec().corpus;
        addModel(command, model);
        command
            .add_option(
                "--codecs", codecs,
                "codec strings to choose from, separated by commas, such as int2:g64,int3:g64,int4:g64")
            ->delimiter(',');
        command
            .add_option(
                textOption, text,
                "UTF-8 file or bundled text that sensitivities are measured on: not the one mixes are "
                "judged by")
            ->capture_default_str();
        command
            .add_option("--" + prefix + "context", context,
                        "tokens a window of it (default: the model's maximum, at most 2048)")
            ->check(count);
        command
            .add_option("--" + prefix + "windows", windows,
                        fmt::format("its first N windows (default: {})", usualStudyWindows))
            ->check(count);
        command.add_option("--repeats", repeats, "draws of noise a tensor at most; at least 2 where allowed")
            ->check(CLI::Range(1, 1000))
            ->capture_default_str();
        command.add_flag("--whole-model", wholeModel, "embedding and head too, not decoder linears alone");
        calibration.addTo(command);
        addSeed(command, seed);
        addThreads(command, threads);
        addReuse(command, reuseMegabytes);
        addJson(command, json);
    }

    SensitivitySpec spec() const {
        SensitivitySpec spec;
        spec.model = model;
        spec.corpus = text;
        spec.evaluation = {Convention::standard, context, windows, 0, exact};
        spec.noise.mostRepeats = repeats;
        spec.noise.leastRepeats = std::min(repeats, spec.noise.leastRepeats);
        spec.noise.seed = seed;
        spec.codecs = codecs;
        spec.wholeModel = wholeModel;
        spec.calibration = calibration.settings();
        return spec;
    }
};

/// The study, taken from the document as far as it has it and kept there when anything was measured.
SensitivityRecord study(const StudyArguments& arguments, Workers& workers, TerminalMonitor& monitor,
                        ResultsWriter* writer) {
    const SensitivitySpec spec = arguments.spec();
    std::optional<SensitivityRecord> known;
    if (writer != nullptr) {
        std::vector<std::string> warnings;
        const std::string id = identifySensitivity(spec, workers, monitor);
        for (SensitivityRecord& record : ResultsDocument(arguments.store).readSensitivities(&warnings)) {
            if (record.id == id) {
                known = std::move(record);
            }
        }
        for (const std::string& warning : warnings) {
            monitor.note("warning: " + warning);
        }
    }
    const double before = known ? known->seconds : 0;
    const std::size_t costs = known ? known->costs.size() : 0;
    StatisticsCache statistics = StatisticsCache::ofUser();
    SensitivityRecord record = studySensitivity(spec, std::move(known), workers, statistics,
                                                arguments.reuseMegabytes << 20, monitor);
    monitor.note(fmt::format("sensitivities of {} tensors and {} codecs: {:.1f} s",
                             record.sensitivity.tensors.size(), record.codecs().size(),
                             record.seconds - before));
    if (writer != nullptr && (before == 0 || record.costs.size() != costs)) {
        writer->keep(record);
    }
    return record;
}

void printStudy(const SensitivityRecord& record, const std::vector<std::string>& codecs) {
    fmt::print("{} on {}, {} windows of {} tokens, noise of relative error {}\n", record.model, record.corpus,
               record.windows, record.context, record.noise);
    fmt::print("ln PPL grows by {:.3f} ± {:.3f} for each nat of KL divergence\n",
               record.sensitivity.lossPerDivergence, record.sensitivity.lossPerDivergenceError);
    fmt::print("costs that add up to s nats make a KL divergence of s (1 + {:.2f} s)\n\n",
               record.sensitivity.accumulation);
    std::vector<std::string> header{"tensor", "KLD / error", "±"};
    for (const std::string& codec : codecs) {
        header.push_back(Codec::parse(codec).name());
    }
    std::vector<std::vector<std::string>> rows;
    for (const TensorSensitivity& tensor : record.sensitivity.tensors) {
        std::vector<std::string> row{tensor.name, fmt::format("{:.4f}", tensor.divergence),
                                     fmt::format("{:.4f}", tensor.standardError)};
        for (std::size_t i = 3; i < header.size(); ++i) {
            const CodecCost* cost = record.cost(tensor.name, header[i]);
            row.push_back(cost != nullptr ? fmt::format("{:.6f}", cost->error * tensor.divergence) : "-");
        }
        rows.push_back(std::move(row));
    }
    printTable(header, rows);
    if (!codecs.empty()) {
        fmt::print("\ncolumns of codecs: predicted mean KL divergence of each alone, nats\n");
    }
}

struct AllocateArguments {
    StudyArguments study;
    EvaluationArguments evaluation;
    std::optional<double> bits;
    std::optional<double> compression;
    std::optional<std::uint64_t> bytes;
    std::optional<std::string> delta;
    bool fused = false;
    bool protectEnds = false;
    std::string rest = MixSpec().rest;
    std::size_t rounds = AllocationSpec().rounds;
    bool predictOnly = false;
    std::string out;
    bool force = false;

    MixBudget budget() const {
        const int given = int{bits.has_value()} + int{compression.has_value()} + int{bytes.has_value()} +
                          int{delta.has_value()};
        if (given != 1) {
            throw InputError("command line", "budget", "one of --bpw, --compression, --bytes, --max-delta",
                             given == 0 ? "none" : "several");
        }
        if (bits) {
            return {MixBudget::Kind::bitsPerWeight, *bits};
        }
        if (compression) {
            return {MixBudget::Kind::bitsPerWeight, 32 / *compression};
        }
        if (bytes) {
            return {MixBudget::Kind::bytes, static_cast<double>(*bytes)};
        }
        return {MixBudget::Kind::deltaPplPercent, percent(*delta)};
    }

    static double percent(const std::string& text) {
        std::size_t used = 0;
        double value = 0;
        try {
            value = std::stod(text, &used);
        } catch (const std::exception&) {
            used = 0;
        }
        const std::string rest = text.substr(used);
        if (used == 0 || !(value > 0) || (!rest.empty() && rest != "%")) {
            throw InputError("command line", "--max-delta", "a percentage above 0, such as 1%", text);
        }
        return value;
    }

    AllocationSpec spec() const {
        AllocationSpec spec;
        spec.mix = {budget(), study.codecs, study.wholeModel, fused, protectEnds, rest};
        spec.run = {study.model,           {},         evaluation.text,
                    evaluation.settings(), study.seed, study.calibration.settings()};
        spec.rounds = rounds;
        return spec;
    }
};

void printMix(const Mix& mix) {
    fmt::print("{}: {:.4f} bits/weight, {:.2f}x, {} bytes in all; gap to the best possible {:.4f} %\n",
               mix.recipe.name, mix.size.bitsPerWeight(), mix.size.compression(), mix.size.totalBytes,
               100 * mix.gap);
    fmt::print("  predicted  KLD {:.5f} ± {:.5f} nats, ΔPPL {} %\n", mix.prediction.divergence,
               mix.prediction.divergenceError,
               formatDelta(mix.prediction.deltaPplPercent, mix.prediction.deltaPplErrorPercent));
}

void printMeasured(const MeasuredMix& each) {
    printMix(each.mix);
    const double off = 100 * (each.mix.prediction.divergence / each.run.kldMean - 1);
    fmt::print("  measured   KLD {:.5f} nats, ΔPPL {} %; predicted KLD was {:+.1f} % off\n", each.run.kldMean,
               formatDelta(each.run.deltaPplPercent, each.run.deltaStandardErrorPercent), off);
}

void printResult(const AllocationResult& result) {
    for (const MeasuredMix& each : result.measured) {
        printMeasured(each);
    }
    const MeasuredMix& best = result.measured[result.best];
    fmt::print("\ntake: {}\n", best.mix.recipe.name);
    if (best.isUniform) {
        fmt::print("no mix measured better than this codec alone\n");
    } else if (const PairedDifference& difference = result.againstUniform; difference.incomparable.empty()) {
        fmt::print("PPL against {} alone: {} %{}\n", result.measured.front().mix.recipe.name,
                   formatDelta(difference.pplPercent, difference.standardErrorPercent),
                   difference.significant ? "" : ", within noise");
    }
}

void allocateCommand(const AllocateArguments& arguments) {
    const AllocationSpec spec = arguments.spec();
    if (arguments.study.codecs.empty() && arguments.study.store.empty()) {
        throw InputError("command line", "--codecs", "codecs to choose from", "none");
    }
    if (!arguments.out.empty() && !arguments.force && std::filesystem::exists(arguments.out)) {
        throw InputError(arguments.out, "file", "a new file, or --force to replace it", "a file");
    }
    Workers workers(arguments.study.threads);
    TerminalMonitor monitor;
    const Model model = Model::open(arguments.study.model);
    std::optional<ResultsWriter> writer;
    if (!arguments.study.store.empty()) {
        writer.emplace(ResultsDocument(arguments.study.store));
    }
    const SensitivityRecord record = study(arguments.study, workers, monitor, writer ? &*writer : nullptr);
    Json json;
    Recipe recipe;
    if (arguments.predictOnly) {
        const Mix mix = bestMix(record, spec.mix, model.tensors(), model.config().tiedEmbedding);
        recipe = mix.recipe;
        json = toJson(mix);
        if (!arguments.study.json) {
            printMix(mix);
        }
    } else {
        RunExecutor executor(workers, {arguments.study.reuseMegabytes << 20, true});
        const AllocationResult result =
            allocate(record, spec, model, executor, monitor, [&](const RunRecord& run) {
                if (writer) {
                    writer->record(run);
                }
                monitor.note(fmt::format("{}: {:.3f} bits/weight, ΔPPL {} %", run.name, run.bitsPerWeight,
                                         formatDelta(run.deltaPplPercent, run.deltaStandardErrorPercent)));
            });
        recipe = result.measured[result.best].mix.recipe;
        json = toJson(result);
        if (!arguments.study.json) {
            printResult(result);
        }
    }
    if (writer) {
        writer->fold();
    }
    if (!arguments.out.empty()) {
        replaceFile(arguments.out, recipe.toJson().dump(2) + "\n");
        monitor.note("recipe written to " + arguments.out);
    }
    if (arguments.study.json) {
        printJson(json);
    } else if (arguments.out.empty()) {
        fmt::print("\n{}\n", recipe.toJson().dump(2));
    }
}

} // namespace

void addSensitivity(CLI::App& app) {
    auto* command = app.add_subcommand("sensitivity", "what errors and codecs cost each tensor of a model");
    const auto arguments = std::make_shared<StudyArguments>();
    arguments->addTo(*command, "--text", "");
    command->add_flag("--exact", arguments->exact,
                      "products in fp32 also where the CPU multiplies bf16 faster");
    command->add_option("--store", arguments->store, "results document (.h5) to keep it in");
    command->callback([arguments] {
        Workers workers(arguments->threads);
        TerminalMonitor monitor;
        std::optional<ResultsWriter> writer;
        if (!arguments->store.empty()) {
            writer.emplace(ResultsDocument(arguments->store));
        }
        const SensitivityRecord record = study(*arguments, workers, monitor, writer ? &*writer : nullptr);
        if (arguments->json) {
            printJson(toJson(record));
        } else {
            printStudy(record, arguments->codecs);
        }
    });
}

void addAllocate(CLI::App& app) {
    auto* command = app.add_subcommand(
        "allocate", "the best codec for each tensor under a budget: predicted, then measured");
    const auto arguments = std::make_shared<AllocateArguments>();
    arguments->study.addTo(*command, "--sensitivity-text", "sensitivity-");
    arguments->evaluation.addTo(*command);
    const CLI::Range above(1e-6, 1e18);
    command->add_option("--bpw", arguments->bits, "at most so many bits per weight")->check(above);
    command->add_option("--compression", arguments->compression, "at least so many times smaller than fp32")
        ->check(above);
    command->add_option("--bytes", arguments->bytes, "at most so many bytes for the whole model");
    command->add_option(
        "--max-delta", arguments->delta,
        "the smallest whose predicted increase of PPL is at most so many percent, such as 1%");
    command->add_flag("--fused", arguments->fused,
                      "one codec for q, k, v of a block, and one for gate and up");
    command->add_flag("--protect-ends", arguments->protectEnds,
                      "first and last block in the finest of the codecs");
    command->add_option("--rest", arguments->rest, "codec of everything else")->capture_default_str();
    command->add_option("--rounds", arguments->rounds, "mixes measured at most, each learning from the last")
        ->check(CLI::Range(1, 20))
        ->capture_default_str();
    command->add_flag("--predict-only", arguments->predictOnly, "measure nothing");
    command->add_option("--store", arguments->study.store, "results document (.h5) to record in");
    command->add_option("--out", arguments->out, "file to write the recipe to");
    command->add_flag("--force", arguments->force, "replace that file");
    command->callback([arguments] {
        arguments->study.exact = arguments->evaluation.exact;
        allocateCommand(*arguments);
    });
}

} // namespace planish::cli
