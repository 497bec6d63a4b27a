// SPDX-License-Identifier: GPL-3.0-or-later
#include "experiment/markdown.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

namespace planish::markdown {

std::string row(const std::vector<std::string>& cells) {
    std::string line = "|";
    for (std::string cell : cells) {
        for (std::size_t at = cell.find('|'); at != std::string::npos; at = cell.find('|', at + 2)) {
            cell.insert(at, "\\");
        }
        line += " " + cell + " |";
    }
    return line + "\n";
}

std::string tableHead(const std::vector<std::string>& titles) {
    return row(titles) + row(std::vector<std::string>(titles.size(), "---"));
}

std::string signedPercent(double percent) {
    return std::abs(percent) < 1000 ? fmt::format("{:+.2f}", percent) : fmt::format("{:+.0f}", percent);
}

std::string deltaCell(const RunRecord& run) {
    const double error = run.deltaStandardErrorPercent;
    return signedPercent(run.deltaPplPercent) + (std::isfinite(error) ? fmt::format(" ± {:.2f}", error) : "");
}

std::string samplesCell(const RunRecord& run) {
    if (run.calibrationSamples == 0) {
        return "";
    }
    const bool weighted = run.tokenWeights == tokenWeightingName(TokenWeighting::gradient);
    const bool related = run.tokenWeights == tokenWeightingName(TokenWeighting::kronecker);
    return std::to_string(run.calibrationSamples) + (weighted ? ", weighted" : related ? ", related" : "");
}

std::string recipeCell(const Recipe& recipe) {
    constexpr std::size_t legible = 8;
    if (recipe.rules.size() > legible) {
        std::set<std::string> different;
        for (const RecipeRule& rule : recipe.rules) {
            different.insert(rule.codec);
        }
        return fmt::format("*{}*: {} rules, {} codecs", recipe.name, recipe.rules.size(), different.size());
    }
    std::string codecs;
    std::string last;
    for (const RecipeRule& rule : recipe.rules) {
        if (rule.codec != last) {
            codecs += (codecs.empty() ? "" : ", ") + fmt::format("{} `{}`", rule.match, rule.codec);
        }
        last = rule.codec;
    }
    const bool uniform = std::all_of(recipe.rules.begin(), recipe.rules.end(),
                                     [&](const RecipeRule& rule) { return rule.codec == last; });
    return uniform ? "`" + last + "`" : codecs;
}

} // namespace planish::markdown
