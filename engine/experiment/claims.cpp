// SPDX-License-Identifier: GPL-3.0-or-later
#include "experiment/claims.h"

#include "recipe/open_recipe.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <filesystem>

namespace planish {
namespace {

constexpr double compressionTolerance = 0.05;
constexpr std::int64_t mostSamples = 1'000'000;

/// Takes a number off the front of `text`, if one is there.
std::optional<double> takeNumber(std::string& text) {
    double value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || !std::isfinite(value)) {
        return std::nullopt;
    }
    text.erase(0, static_cast<std::size_t>(end - text.data()));
    return value;
}

bool takeCharacter(std::string& text, char character) {
    const bool there = text.starts_with(character);
    text.erase(0, there ? 1 : 0);
    return there;
}

Recipe readRecipe(const JsonObject& object, const std::string& folder) {
    if (object.has("codec")) {
        return Recipe::uniform(object.string("codec"));
    }
    const Json& recipe = object.at("recipe");
    return recipe.is_string() ? openRecipe(recipe.get<std::string>(), folder)
                              : Recipe::fromJson(recipe, object.source() + ": " + object.fieldPath("recipe"));
}

Claim readClaim(const JsonObject& object, const std::string& folder) {
    object.allowOnly(
        {"label", "compression", "delta_ppl", "fails", "codec", "recipe", "samples", "explanation"});
    Claim claim;
    claim.label = object.string("label");
    claim.compression = ClaimedNumber::parse(object.string("compression"), object.source());
    claim.deltaPpl = ClaimedNumber::parse(object.string("delta_ppl"), object.source());
    claim.fails = object.boolean("fails", false);
    claim.reading = readRecipe(object, folder);
    claim.samples = static_cast<std::size_t>(object.integer("samples", 0, mostSamples, 0));
    claim.explanation = object.string("explanation");
    return claim;
}

ClaimTable readTable(const JsonObject& object, const std::string& folder) {
    object.allowOnly({"title", "sweep", "text", "rows"});
    ClaimTable table{object.string("title"), object.string("sweep"), {}, object.string("text", "")};
    for (const Json& row : object.array("rows")) {
        const std::string path = fmt::format("{}[{}]", object.fieldPath("rows"), table.claims.size());
        table.claims.push_back(readClaim(JsonObject(row, object.source(), path), folder));
    }
    return table;
}

SampleCurve readCurve(const JsonObject& object, const std::string& folder) {
    object.allowOnly({"title", "sweep", "codec", "recipe", "without", "explanation"});
    SampleCurve curve;
    curve.title = object.string("title");
    curve.sweep = object.string("sweep");
    curve.recipe = readRecipe(object, folder);
    if (object.has("without")) {
        curve.without = Recipe::uniform(object.string("without"));
    }
    curve.explanation = object.string("explanation");
    return curve;
}

FrontierComparison readFrontier(const JsonObject& object) {
    object.allowOnly({"title", "sweep", "explanation"});
    return {object.string("title"), object.string("sweep"), object.string("explanation")};
}

} // namespace

std::optional<ClaimedNumber> ClaimedNumber::parse(const std::string& text, const std::string& source) {
    if (text == "-") {
        return std::nullopt;
    }
    ClaimedNumber number{text, 0, 0};
    std::string rest = text;
    std::erase(rest, ','); // between thousands
    const bool below = takeCharacter(rest, '<');
    takeCharacter(rest, '~');
    takeCharacter(rest, '+');
    const std::optional<double> first = takeNumber(rest);
    const std::optional<double> second = first && takeCharacter(rest, '-') ? takeNumber(rest) : first;
    if (!second || (rest != "x" && rest != "%")) {
        throw InputError(source, "claim", "a number such as 7.5x, 8-9x or +0.4%, or -", text);
    }
    number.lowest = below ? -std::numeric_limits<double>::infinity() : *first;
    number.highest = *second;
    return number;
}

ClaimsDocument ClaimsDocument::fromJson(const Json& document, const std::string& source,
                                        const std::string& folder) {
    const JsonObject object(document, source);
    object.allowOnly({"schema", "title", "introduction", "tables", "curves", "frontiers"});
    if (const std::string schema = object.string("schema"); schema != "planish.claims/1") {
        throw InputError(source, "schema", "planish.claims/1", schema);
    }
    ClaimsDocument claims;
    claims.title = object.string("title");
    for (const Json& paragraph : object.array("introduction")) {
        if (!paragraph.is_string()) {
            throw InputError(source, "introduction", "paragraphs as strings", paragraph.dump());
        }
        claims.introduction.push_back(paragraph.get<std::string>());
    }
    if (object.has("tables")) {
        for (const Json& table : object.array("tables")) {
            const std::string path = fmt::format("tables[{}]", claims.tables.size());
            claims.tables.push_back(readTable(JsonObject(table, source, path), folder));
        }
    }
    if (object.has("curves")) {
        for (const Json& curve : object.array("curves")) {
            const std::string path = fmt::format("curves[{}]", claims.curves.size());
            claims.curves.push_back(readCurve(JsonObject(curve, source, path), folder));
        }
    }
    if (object.has("frontiers")) {
        for (const Json& frontier : object.array("frontiers")) {
            const std::string path = fmt::format("frontiers[{}]", claims.frontiers.size());
            claims.frontiers.push_back(readFrontier(JsonObject(frontier, source, path)));
        }
    }
    return claims;
}

ClaimsDocument ClaimsDocument::fromFile(const std::string& path) {
    return fromJson(parseJsonFile(path, std::uint64_t{16} << 20), path,
                    std::filesystem::path(path).parent_path().string());
}

Verdict judge(const Claim& claim, const RunRecord& run) {
    Verdict verdict;
    if (claim.compression) {
        verdict.compressionHolds = run.compression >= (1 - compressionTolerance) * claim.compression->lowest;
    }
    if (claim.deltaPpl) {
        const double error = run.deltaStandardErrorPercent;
        const double allowance = std::isfinite(error) ? 2 * error : 0;
        verdict.deltaPplHolds = claim.fails ? run.deltaPplPercent >= claim.deltaPpl->lowest - allowance
                                            : run.deltaPplPercent <= claim.deltaPpl->highest + allowance;
    }
    return verdict;
}

} // namespace planish
