// SPDX-License-Identifier: GPL-3.0-or-later
#include "cli/arguments.h"
#include "cli/commands.h"
#include "cli/recorded_runs.h"
#include "cli/terminal_monitor.h"
#include "experiment/run_executor.h"
#include "experiment/side_by_side.h"
#include "export/export_model.h"
#include "export/recipe_export.h"
#include "support/text.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <map>
#include <memory>

namespace planish::cli {
namespace {

constexpr const char* recipeFormat = "recipe";

struct ExportArguments {
    std::string model;
    RecipeArguments recipe;
    CalibrationArguments calibration;
    std::uint64_t seed = 0;
    bool exact = false;
    int threads = 0;
    std::string run;
    std::string store;
    std::string format;
    ExportSettings settings;
    std::string out;
    std::string others = "floats";
    bool dryRun = false;
    bool json = false;
};

/// What to pack the model with.
struct Source {
    Recipe recipe;
    std::uint64_t seed = 0;
    std::optional<CalibrationSettings> calibration;
    Arithmetic arithmetic = Arithmetic::float32;
    std::optional<RunRecord> run;
};

Source sourceOf(const ExportArguments& arguments) {
    if (arguments.run.empty()) {
        return {arguments.recipe.open(),
                arguments.seed,
                arguments.calibration.settings(),
                arguments.exact ? Arithmetic::float32 : fastestArithmetic(),
                {}};
    }
    if (arguments.store.empty()) {
        throw InputError("command line", "--store", "the results document that has the run", "nothing");
    }
    const std::vector<RunRecord> runs = readRuns(arguments.store);
    const RunRecord& run = findRun(runs, arguments.run, arguments.store);
    const SideBySideModel recorded = SideBySideModel::of(run);
    // A record has names of texts; where these are files, options say where they lie and nothing else.
    const auto given = arguments.calibration.settings(recorded.calibration.value_or(CalibrationSettings()));
    return {run.recipe, run.seed, given ? given : recorded.calibration, recorded.arithmetic, run};
}

/// A run keeps what was measured, not the packed bytes: packing once more must give the same.
void compareWithRun(const QuantizedModel& model, const RunRecord& run) {
    for (std::size_t i = 0; i < model.tensors.size(); ++i) {
        const bool known = i < run.tensors.size() && run.tensors[i].name == model.tensors[i].name;
        if (!known || run.tensors[i].bytes != model.tensors[i].bytes ||
            run.tensors[i].relativeError != model.tensors[i].relativeError) {
            throw Error(fmt::format("{}: packing once more does not give what run {} recorded: another "
                                    "model, calibration text, or "
                                    "version of the program; nothing was exported",
                                    model.tensors[i].name, run.id));
        }
    }
}

Json toJson(const ExportPlan& plan) {
    Json tensors = Json::array();
    for (const ExportedTensor& tensor : plan.tensors) {
        tensors.push_back({{"name", tensor.name},
                           {"measured", tensor.measured},
                           {"written", tensor.written},
                           {"why", tensor.why},
                           {"exact", tensor.exact},
                           {"bytes", tensor.bytes},
                           {"relative_error", tensor.error}});
    }
    return {{"bytes", plan.bytes()}, {"notes", plan.notes()}, {"tensors", std::move(tensors)}};
}

void printNotes(const std::vector<std::string>& notes) {
    for (const std::string& note : notes) {
        fmt::print("  {}\n", note);
    }
}

void exportTensors(const ExportArguments& arguments) {
    const std::map<std::string, OtherTensors> others{{"floats", OtherTensors::floats},
                                                     {"reencode", OtherTensors::reencoded},
                                                     {"refuse", OtherTensors::refused}};
    ExportSettings settings = arguments.settings;
    settings.format = parseExportFormat(arguments.format);
    settings.folder = arguments.out;
    settings.others = others.at(arguments.others);
    const Source source = sourceOf(arguments);
    const Model model = Model::open(arguments.model);
    // What cannot be written is known before hours of packing.
    const ExportPlan plan =
        planExport(model, resolve(source.recipe, model.tensors(), model.config().tiedEmbedding), settings);
    if (arguments.dryRun) {
        if (arguments.json) {
            printJson(toJson(plan));
            return;
        }
        fmt::print("{} of tensors would be written\n", formatBytes(plan.bytes()));
        printNotes(plan.notes());
        return;
    }
    requireFree(model, settings);
    Workers workers(arguments.threads);
    TerminalMonitor monitor;
    PartMonitor packing(monitor, 0, 0.5);
    const QuantizedModel packed = RunExecutor(workers).quantize(
        arguments.model, source.recipe, source.seed, source.calibration, packing, source.arithmetic);
    if (source.run) {
        compareWithRun(packed, *source.run);
    }
    PartMonitor writing(monitor, 0.5, 1);
    const ExportResult result =
        exportModel(packed.model, source.recipe, source.run ? planish::toJson(*source.run) : Json(nullptr),
                    settings, workers, writing);
    if (arguments.json) {
        Json document = toJson(result.plan);
        for (const auto& file : result.files) {
            document["files"].push_back(file.string());
        }
        printJson(document);
        return;
    }
    for (const auto& file : result.files) {
        fmt::print("{}\n", file.string());
    }
    printNotes(result.notes);
}

void exportRecipeFile(const ExportArguments& arguments) {
    const Model model = Model::open(arguments.model);
    const Source source = sourceOf(arguments);
    resolve(source.recipe, model.tensors(), model.config().tiedEmbedding); // throws when it does not fit
    fmt::print("{}\n", exportRecipe(source.recipe, arguments.out, arguments.settings.overwrite).string());
}

} // namespace

void addExport(CLI::App& app) {
    auto* command = app.add_subcommand("export", "write what other programs load");
    const auto arguments = std::make_shared<ExportArguments>();
    addModel(*command, arguments->model);
    arguments->recipe.addTo(*command);
    command
        ->add_option("--run", arguments->run,
                     "a recorded run, packed once more: the same bytes (id, its beginning, or name)")
        ->excludes("--recipe")
        ->excludes("--codec");
    command->add_option("--store", arguments->store, "results document that has the run");
    std::string help = "recipe: the recipe as JSON";
    std::vector<std::string> words{recipeFormat};
    for (const ExportFormatInfo& info : exportFormats()) {
        help += fmt::format("; {}: {}", info.word, info.title);
        words.emplace_back(info.word);
    }
    command->add_option("--format", arguments->format, help)->required()->check(CLI::IsMember(words));
    command
        ->add_option("--out", arguments->out, "folder to write, made when missing; with gguf also FILE.gguf")
        ->required();
    command
        ->add_option("--float", arguments->settings.floats,
                     "what decoded values are written in: fp16, bf16 or fp32")
        ->check(CLI::IsMember({"fp16", "bf16", "fp32"}))
        ->capture_default_str();
    command
        ->add_option(
            "--others", arguments->others,
            "tensors that the format has no type for: floats, reencode (in its nearest type) or refuse")
        ->check(CLI::IsMember({"floats", "reencode", "refuse"}))
        ->capture_default_str();
    command->add_flag("--force,--overwrite", arguments->settings.overwrite, "replace files that are there");
    command->add_flag("--dry-run", arguments->dryRun,
                      "only say how large it will be and what is exact; packs and writes nothing");
    arguments->calibration.addTo(*command);
    command
        ->add_flag(
            "--exact", arguments->exact,
            "calibrate and train in fp32 also where the CPU multiplies bf16 faster, as a run with --exact")
        ->excludes("--run");
    addSeed(*command, arguments->seed);
    addThreads(*command, arguments->threads);
    addJson(*command, arguments->json);
    command->callback([arguments] {
        if (arguments->format == recipeFormat) {
            exportRecipeFile(*arguments);
        } else {
            exportTensors(*arguments);
        }
    });
}

} // namespace planish::cli
