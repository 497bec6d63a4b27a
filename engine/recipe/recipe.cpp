// SPDX-License-Identifier: GPL-3.0-or-later
#include "recipe/recipe.h"

#include "recipe/rule_match.h"
#include "support/text.h"

#include <fmt/format.h>

namespace planish {
namespace {

constexpr const char* schema = "planish.recipe/1";
constexpr std::size_t mostRules = 10'000;
constexpr std::size_t longestName = 500;
constexpr std::uint64_t largestFile = 8U << 20;

/// The canonical form of the codec string in `key`.
std::string codecOf(const JsonObject& object, const std::string& key, const std::string& text) {
    try {
        return Codec::parse(text).name();
    } catch (const InputError& error) {
        throw InputError(
            fmt::format("{}: {}: {}", printable(object.source()), object.fieldPath(key), error.what()));
    }
}

std::string shortText(const JsonObject& object, const std::string& key, const std::string& text) {
    if (text.empty() || text.size() > longestName) {
        throw InputError(object.source(), object.fieldPath(key),
                         fmt::format("a text of 1 to {} bytes", longestName),
                         fmt::format("one of {} bytes", text.size()));
    }
    return text;
}

} // namespace

Recipe Recipe::uniform(std::string_view codec) {
    const std::string name = Codec::parse(codec).name();
    return {name, "bf16", {{"attention", name}, {"mlp", name}}};
}

Recipe Recipe::fromJson(const Json& document, const std::string& source) {
    const JsonObject object(document, source);
    object.allowOnly({"schema", "name", "default", "rules", "summary"});
    if (const std::string found = object.string("schema"); found != schema) {
        throw InputError(source, "schema", schema, found);
    }
    Recipe recipe;
    recipe.name = shortText(object, "name", object.string("name", "unnamed"));
    recipe.defaultCodec = codecOf(object, "default", object.string("default", recipe.defaultCodec));
    if (!object.has("rules")) {
        return recipe;
    }
    const Json& rules = object.array("rules");
    if (rules.size() > mostRules) {
        throw InputError(source, "rules", fmt::format("at most {} rules", mostRules),
                         fmt::format("{}", rules.size()));
    }
    recipe.rules.reserve(rules.size());
    for (std::size_t i = 0; i < rules.size(); ++i) {
        const JsonObject rule(rules[i], source, fmt::format("rules[{}]", i));
        rule.allowOnly({"match", "codec"});
        const std::string match = shortText(rule, "match", rule.string("match"));
        RuleMatch(match, source, rule.fieldPath("match"));
        recipe.rules.push_back({match, codecOf(rule, "codec", rule.string("codec"))});
    }
    return recipe;
}

Recipe Recipe::fromFile(const std::string& path) {
    return fromJson(parseJsonFile(path, largestFile, 8), path);
}

Json Recipe::toJson() const {
    Json document;
    document["schema"] = schema;
    document["name"] = name;
    document["default"] = defaultCodec;
    document["rules"] = Json::array();
    for (const RecipeRule& rule : rules) {
        document["rules"].push_back({{"match", rule.match}, {"codec", rule.codec}});
    }
    return document;
}

} // namespace planish
