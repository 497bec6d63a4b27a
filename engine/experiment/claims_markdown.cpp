// SPDX-License-Identifier: GPL-3.0-or-later
#include "experiment/claims.h"
#include "experiment/markdown.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <tuple>

namespace planish {
namespace {

using markdown::deltaCell;
using markdown::recipeCell;
using markdown::row;
using markdown::samplesCell;
using markdown::tableHead;
using Runs = std::vector<const RunRecord*>;

bool sameCodecs(const Recipe& a, const Recipe& b) {
    return a.defaultCodec == b.defaultCodec && a.rules == b.rules;
}

/// What the row says of size and cost; nothing for a row that is here to be measured.
std::string claimedCell(const Claim& claim) {
    if (!claim.compression && !claim.deltaPpl) {
        return {};
    }
    return fmt::format("{}, {}", claim.compression ? claim.compression->text : "no size",
                       claim.deltaPpl ? claim.deltaPpl->text : "no ΔPPL");
}

std::string verdictCell(const Claim& claim, const RunRecord& run) {
    if (!claim.compression && !claim.deltaPpl) {
        return {};
    }
    const Verdict verdict = judge(claim, run);
    if (verdict.holds()) {
        return "holds";
    }
    std::string reasons;
    if (!verdict.compressionHolds) {
        reasons =
            fmt::format("{:.0f} % less compression", 100 * (1 - run.compression / claim.compression->lowest));
    }
    if (!verdict.deltaPplHolds) {
        reasons += reasons.empty() ? "" : ", ";
        reasons += claim.fails ? "costs less" : "costs more";
    }
    return "does not hold: " + reasons;
}

/// The models that were run, the smallest first.
std::vector<std::string> modelsOf(const Runs& runs) {
    std::set<std::pair<std::uint64_t, std::string>> models;
    for (const RunRecord* run : runs) {
        models.emplace(run->parameters, run->model);
    }
    std::vector<std::string> names;
    for (const auto& [parameters, name] : models) {
        names.push_back(name);
    }
    return names;
}

/// The runs of a recipe on a model, by rising number of samples.
Runs runsOf(const Runs& runs, const std::string& model, const Recipe& recipe) {
    Runs found;
    for (const RunRecord* run : runs) {
        if (run->model == model && sameCodecs(run->recipe, recipe)) {
            found.push_back(run);
        }
    }
    std::sort(found.begin(), found.end(), [](const RunRecord* a, const RunRecord* b) {
        return std::tie(a->calibrationSamples, a->id) < std::tie(b->calibrationSamples, b->id);
    });
    return found;
}

const RunRecord& onlyRun(const Runs& runs, const std::string& model, const Recipe& recipe,
                         std::size_t samples, const std::string& source) {
    Runs found = runsOf(runs, model, recipe);
    std::erase_if(found, [&](const RunRecord* run) { return run->calibrationSamples != samples; });
    if (found.size() != 1) {
        throw InputError(source, fmt::format("runs of {} on {}, {} samples", recipe.name, model, samples),
                         "one", fmt::format("{}", found.size()));
    }
    return *found.front();
}

/// The models that any row of a table was run on: then all of them must have been.
std::vector<std::string> modelsOf(const Runs& runs, const ClaimTable& table) {
    std::vector<std::string> models = modelsOf(runs);
    std::erase_if(models, [&](const std::string& model) {
        return std::none_of(table.claims.begin(), table.claims.end(), [&](const Claim& claim) {
            const Runs found = runsOf(runs, model, claim.reading);
            return std::any_of(found.begin(), found.end(), [&](const RunRecord* run) {
                return run->calibrationSamples == claim.samples;
            });
        });
    });
    return models;
}

std::string conditions(const Runs& runs) {
    const bool training =
        std::any_of(runs.begin(), runs.end(), [](const RunRecord* run) { return !run->training.empty(); });
    std::vector<std::string> head{"model", "weights", "evaluated on", "PPL unquantized", "calibrated on"};
    if (training) {
        head.emplace_back("trained on");
    }
    head.emplace_back("machine");
    std::string text = tableHead(head);
    for (const std::string& model : modelsOf(runs)) {
        std::set<std::string> evaluated;
        std::set<std::string> perplexities;
        std::set<std::string> calibrated;
        std::set<std::string> trained;
        std::set<std::string> machines;
        std::uint64_t parameters = 0;
        for (const RunRecord* run : runs) {
            if (run->model != model) {
                continue;
            }
            parameters = run->parameters;
            evaluated.insert(fmt::format("{}, {} windows of {}, {}", run->corpus, run->windows, run->context,
                                         run->convention));
            perplexities.insert(fmt::format("{:.4f}", run->baselinePpl));
            machines.insert(fmt::format("{}, {} threads", run->machine, run->threads));
            if (!run->calibration.empty()) {
                calibrated.insert(fmt::format("{}, samples of {} tokens, {} inputs{}", run->calibration,
                                              run->calibrationContext, run->calibrationInputs,
                                              tokenWeightingRemark(run->tokenWeights)));
            }
            if (!run->training.empty()) {
                trained.insert(fmt::format("{} tokens of {}", run->trainingTokens, run->training));
            }
        }
        std::vector<std::string> cells{model, fmt::format("{:.1f} M", static_cast<double>(parameters) / 1e6),
                                       fmt::format("{}", fmt::join(evaluated, "; ")),
                                       fmt::format("{}", fmt::join(perplexities, "; ")),
                                       fmt::format("{}", fmt::join(calibrated, "; "))};
        if (training) {
            cells.push_back(fmt::format("{}", fmt::join(trained, "; ")));
        }
        cells.push_back(fmt::format("{}", fmt::join(machines, "; ")));
        text += row(cells);
    }
    return text;
}

/// What the runs of a table warn of: each sentence once, with the runs that say it.
std::string warnings(const Runs& runs) {
    std::map<std::string, std::set<std::string>> said;
    for (const RunRecord* run : runs) {
        for (const std::string& warning : run->warnings) {
            said[warning].insert(
                fmt::format("{} on {}, {} samples", run->name, run->model, run->calibrationSamples));
        }
    }
    std::string text = said.empty() ? "" : "\nWarnings of the runs:\n\n";
    for (const auto& [warning, names] : said) {
        text += fmt::format("- {} ({})\n", warning, fmt::join(names, "; "));
    }
    return text;
}

std::string claimTable(const ClaimTable& table, Runs runs, const std::string& source) {
    if (!table.text.empty()) {
        std::erase_if(runs, [&](const RunRecord* run) { return run->corpus != table.text; });
    }
    std::string text = fmt::format("\n## {}\n\nRuns of `{}`.\n\n", table.title, table.sweep);
    text += tableHead({"row", "claimed", "read as", "samples", "model", "bits/weight", "compression",
                       "ΔPPL %", "KLD mean", "top-1 %", "quantize s", "claim"});
    Runs shown;
    std::vector<std::string> models = modelsOf(runs, table);
    if (models.empty()) {
        models = modelsOf(runs);
    }
    for (const Claim& claim : table.claims) {
        const std::string claimed = claimedCell(claim);
        for (const std::string& model : models) {
            const RunRecord& run = onlyRun(runs, model, claim.reading, claim.samples, source);
            shown.push_back(&run);
            text += row({claim.label, claimed, recipeCell(claim.reading), samplesCell(run), model,
                         fmt::format("{:.3f}", run.bitsPerWeight), fmt::format("{:.2f}x", run.compression),
                         deltaCell(run), fmt::format("{:.4f}", run.kldMean),
                         fmt::format("{:.1f}", 100 * run.top1Agreement),
                         fmt::format("{:.1f}", run.quantizeSeconds), verdictCell(claim, run)});
        }
    }
    text += "\n";
    for (const Claim& claim : table.claims) {
        text +=
            fmt::format("- **{}** as {}: {}\n", claim.label, recipeCell(claim.reading), claim.explanation);
    }
    return text + warnings(shown);
}

/// Inputs of the widest tensor that is calibrated.
std::uint64_t widestInput(const RunRecord& run) {
    std::uint64_t widest = 0;
    for (const TensorResult& tensor : run.tensors) {
        if (std::isfinite(tensor.proxyLoss)) {
            widest = std::max(widest, tensor.columns);
        }
    }
    return widest;
}

std::vector<std::string> curveCells(const RunRecord& run) {
    const auto tokens = run.calibrationSamples * run.calibrationContext;
    const std::uint64_t widest = widestInput(run);
    return {run.model,
            run.name,
            fmt::format("{}", run.calibrationSamples),
            fmt::format("{}", tokens),
            widest == 0
                ? ""
                : fmt::format("{:.2f}", static_cast<double>(tokens) / static_cast<double>(8 * widest)),
            fmt::format("{:.3f}", run.bitsPerWeight),
            deltaCell(run),
            fmt::format("{:.4f}", run.kldMean),
            fmt::format("{:.1f}", 100 * run.top1Agreement),
            fmt::format("{:.1f}", run.quantizeSeconds)};
}

std::string curveTable(const SampleCurve& curve, const Runs& runs, const std::string& source) {
    std::string text = fmt::format("\n## {}\n\nRuns of `{}`.\n\n", curve.title, curve.sweep);
    text += tableHead({"model", "recipe", "samples", "tokens", "tokens ÷ (8 × widest input)", "bits/weight",
                       "ΔPPL %", "KLD mean", "top-1 %", "quantize s"});
    Runs shown;
    for (const std::string& model : modelsOf(runs)) {
        if (curve.without) {
            shown.push_back(&onlyRun(runs, model, *curve.without, 0, source));
        }
        const Runs points = runsOf(runs, model, curve.recipe);
        if (points.empty()) {
            throw InputError(source, fmt::format("runs of {} on {}", curve.recipe.name, model), "some",
                             "none");
        }
        shown.insert(shown.end(), points.begin(), points.end());
    }
    for (const RunRecord* run : shown) {
        text += row(curveCells(*run));
    }
    return text + "\n" + curve.explanation + "\n" + warnings(shown);
}

} // namespace

std::string resultsMarkdown(const ClaimsDocument& document, std::span<const RunRecord> records,
                            const std::string& source) {
    Runs runs;
    for (const RunRecord& record : records) {
        runs.push_back(&record);
    }
    if (runs.empty()) {
        throw InputError(source, "runs", "those of the claims", "none");
    }
    std::string text = fmt::format("# {}\n", document.title);
    for (const std::string& paragraph : document.introduction) {
        text += "\n" + paragraph + "\n";
    }
    text += "\n" + conditions(runs);
    for (const ClaimTable& table : document.tables) {
        text += claimTable(table, runs, source);
    }
    for (const SampleCurve& curve : document.curves) {
        text += curveTable(curve, runs, source);
    }
    for (const FrontierComparison& comparison : document.frontiers) {
        text += frontierMarkdown(comparison, records, source);
    }
    return text;
}

} // namespace planish
