// SPDX-License-Identifier: GPL-3.0-or-later
#include "calibration/calibrator.h"
#include "cli/arguments.h"
#include "cli/commands.h"
#include "cli/terminal_monitor.h"
#include "codec/registry.h"
#include "evaluation/corpus.h"
#include "experiment/codec_page.h"
#include "model/model.h"
#include "tokenizer/tokenizer.h"

#include <fmt/format.h>

#include <memory>

namespace planish::cli {
namespace {

const char* choiceName(Choice choice) {
    switch (choice) {
    case Choice::format:
        return "format";
    case Choice::rounding:
        return "rounding";
    case Choice::transform:
        return "transform";
    case Choice::correction:
        return "correction";
    }
    return "";
}

Json memberDocument(const CodecMember& member) {
    return {{"choice", choiceName(member.choice)},
            {"name", member.name},
            {"title", member.title},
            {"summary", member.summary},
            {"options", member.options},
            {"layout", member.layout},
            {"bits_per_weight", member.bitsFormula},
            {"calibration", calibrationUseName(member.calibration)},
            {"reference", member.reference},
            {"examples", member.examples}};
}

Json codecsDocument() {
    Json document;
    for (const CodecMember& member : codecMembers()) {
        document["members"].push_back(memberDocument(member));
    }
    for (const CodecAlias& alias : codecAliases()) {
        document["aliases"].push_back(
            {{"name", alias.name}, {"codec", alias.codec}, {"summary", alias.summary}});
    }
    return document;
}

void printCodecs() {
    for (const CodecMember& member : codecMembers()) {
        fmt::print("{:<11} {:<14} {}\n", choiceName(member.choice), member.name, member.title);
        fmt::print("{:26} {}\n", "", member.summary);
        for (const auto& [label, value] : {std::pair{"options", member.options},
                                           {"bits/weight", member.bitsFormula},
                                           {"examples", fmt::format("{}", fmt::join(member.examples, "  "))},
                                           {"reference", member.reference}}) {
            if (!value.empty()) {
                fmt::print("{:26} {}: {}\n", "", label, value);
            }
        }
        fmt::print("{:26} calibration: {}\n\n", "", calibrationUseName(member.calibration));
    }
    for (const CodecAlias& alias : codecAliases()) {
        fmt::print("alias       {} = {}\n{:26} {}\n", alias.name, alias.codec, "", alias.summary);
    }
}

/// The page measures on the smallest bundled model, with the statistics a run with these settings collects.
ExampleTensor exampleTensor(Workers& workers, JobMonitor& monitor) {
    const Model model = Model::open("folio-4m");
    const OriginalWeights weights(model);
    const TensorInfo& tensor = model.tensor("model.layers.1.mlp.up_proj");
    const CalibrationSettings settings{.samples = 64, .inputs = CalibrationInputs::original};
    const Corpus corpus = Corpus::open(settings.text);
    const CalibrationPlan plan = planCalibration(settings, model, corpus.name, corpus.sha256,
                                                 Tokenizer::open(model.path()).encode(corpus.text));
    Calibrator calibrator(plan, weights, weights, nullptr, workers);
    return {fmt::format("{} of {}", tensor.name, model.name()), weights.matrix(tensor, workers),
            calibrator.at(*placeOf(tensor, model.config()), false, "", "", monitor),
            fmt::format("{} samples of {} tokens of `{}`, through the unquantized model",
                        plan.samples.windows, plan.samples.context, plan.text)};
}

} // namespace

void addCodecs(CLI::App& app) {
    struct Arguments {
        bool json = false;
        bool markdown = false;
        int threads = 0;
    };
    auto* command = app.add_subcommand("codecs", "every codec family: options, exact bits, reference");
    const auto arguments = std::make_shared<Arguments>();
    addJson(*command, arguments->json);
    command->add_flag("--markdown", arguments->markdown, "print the page docs/codecs.md, measured anew")
        ->excludes("--json");
    addThreads(*command, arguments->threads);
    command->callback([arguments] {
        if (arguments->json) {
            printJson(codecsDocument());
        } else if (arguments->markdown) {
            Workers workers(arguments->threads);
            TerminalMonitor monitor;
            PartMonitor calibrating(monitor, 0, 0.5, "calibrate");
            const ExampleTensor example = exampleTensor(workers, calibrating);
            PartMonitor measuring(monitor, 0.5, 1);
            fmt::print("{}", codecsMarkdown(example, workers, measuring));
        } else {
            printCodecs();
        }
    });
}

} // namespace planish::cli
