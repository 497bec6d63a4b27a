// SPDX-License-Identifier: GPL-3.0-or-later
#include "recipe/rule_match.h"

#include "support/error.h"
#include "support/text.h"

#include <algorithm>
#include <charconv>
#include <optional>

namespace planish {
namespace {

std::string_view withoutWeight(std::string_view name) {
    constexpr std::string_view suffix = ".weight";
    return name.ends_with(suffix) ? name.substr(0, name.size() - suffix.size()) : name;
}

std::optional<int> layerNumber(std::string_view text) {
    int value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size() || value < 0) {
        return std::nullopt;
    }
    return value;
}

} // namespace

const std::vector<std::string>& roleWords() {
    static const std::vector<std::string> words = [] {
        std::vector<std::string> all;
        for (const Role role : allRoles) {
            for (const std::string_view word : {roleGroup(role), roleName(role)}) {
                if (std::find(all.begin(), all.end(), word) == all.end()) {
                    all.emplace_back(word);
                }
            }
        }
        return all;
    }();
    return words;
}

RuleMatch::RuleMatch(std::string_view text, std::string_view source, std::string_view field)
    : text_(withoutWeight(text)) {
    constexpr std::string_view layers = "layers(";
    const auto& roles = roleWords();
    if (std::find(roles.begin(), roles.end(), text) != roles.end()) {
        kind_ = Kind::role;
    } else if (text.starts_with(layers)) {
        kind_ = Kind::layers;
        const std::string_view range =
            text.ends_with(')') ? text.substr(layers.size(), text.size() - layers.size() - 1) : "";
        const std::size_t dash = range.find('-');
        const auto first = layerNumber(range.substr(0, dash));
        const auto last = dash == std::string_view::npos ? first : layerNumber(range.substr(dash + 1));
        if (!first || !last || *first > *last) {
            throw InputError(source, field, "layers(A-B) with blocks A ≤ B, counted from 0", text);
        }
        firstLayer_ = *first;
        lastLayer_ = *last;
    } else if (text.find_first_of("*?") != std::string_view::npos) {
        kind_ = Kind::glob;
    }
}

bool RuleMatch::matches(const TensorInfo& tensor, bool tiedEmbedding) const {
    switch (kind_) {
    case Kind::role:
        return text_ == roleGroup(tensor.role) || text_ == roleName(tensor.role) ||
               (tiedEmbedding && tensor.role == Role::embedding && text_ == roleName(Role::head));
    case Kind::layers:
        return isDecoderLinear(tensor.role) && tensor.block >= firstLayer_ && tensor.block <= lastLayer_;
    case Kind::glob:
        return globMatches(text_, tensor.name);
    case Kind::name:
        return text_ == tensor.name;
    }
    return false;
}

} // namespace planish
