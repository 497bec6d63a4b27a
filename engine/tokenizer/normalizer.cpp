// SPDX-License-Identifier: GPL-3.0-or-later
#include "tokenizer/normalizer.h"

#include <fmt/format.h>
#include <utf8proc.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <memory>
#include <utility>

namespace planish {
namespace {

constexpr std::size_t mostSteps = 32;
constexpr int deepestSequence = 4;
constexpr std::size_t longestContent = 4096; // bytes

struct Free {
    void operator()(utf8proc_uint8_t* text) const { std::free(text); }
};

/// Text in a normalization form of Unicode; the options are utf8proc's.
std::string inForm(std::string_view text, unsigned options) {
    const bool ascii =
        std::all_of(text.begin(), text.end(), [](char c) { return static_cast<signed char>(c) >= 0; });
    if (ascii) {
        return std::string(text);
    }
    utf8proc_uint8_t* result = nullptr;
    const utf8proc_ssize_t size = utf8proc_map(
        reinterpret_cast<const utf8proc_uint8_t*>(text.data()), static_cast<utf8proc_ssize_t>(text.size()),
        &result, static_cast<utf8proc_option_t>(options | static_cast<unsigned>(UTF8PROC_STABLE)));
    const std::unique_ptr<utf8proc_uint8_t, Free> owner(result);
    if (size < 0) {
        throw Error(fmt::format("a text cannot be normalized: {}", utf8proc_errmsg(size)));
    }
    return {reinterpret_cast<const char*>(result), static_cast<std::size_t>(size)};
}

std::string checkedContent(const JsonObject& json, const char* key) {
    std::string content = json.string(key);
    if (content.size() > longestContent) {
        throw InputError(json.source(), json.fieldPath(key), fmt::format("at most {} bytes", longestContent),
                         fmt::format("{}", content.size()));
    }
    return content;
}

} // namespace

Normalizer::Normalizer(const TokenizerFile& file) {
    const JsonObject document(file.settings, file.path);
    if (document.has("normalizer")) {
        addSteps(document.object("normalizer"), 0);
    }
}

void Normalizer::addSteps(const JsonObject& json, int depth) {
    constexpr std::array forms{std::pair("NFC", Kind::composed), std::pair("NFD", Kind::decomposed),
                               std::pair("NFKC", Kind::compatiblyComposed),
                               std::pair("NFKD", Kind::compatiblyDecomposed)};
    const std::string type = json.string("type");
    if (steps_.size() >= mostSteps || depth > deepestSequence) {
        throw InputError(json.source(), json.fieldPath("type"), fmt::format("at most {} steps", mostSteps),
                         "more");
    }
    const auto form =
        std::find_if(forms.begin(), forms.end(), [&](const auto& known) { return type == known.first; });
    if (form != forms.end()) {
        steps_.push_back({form->second, "", {}});
    } else if (type == "Sequence") {
        const Json& items = json.array("normalizers");
        for (std::size_t i = 0; i < items.size(); ++i) {
            const std::string path = fmt::format("{}[{}]", json.fieldPath("normalizers"), i);
            addSteps(JsonObject(items[i], json.source(), path), depth + 1);
        }
    } else if (type == "Prepend") {
        steps_.push_back({Kind::prepend, checkedContent(json, "prepend"), {}});
    } else if (type == "Replace") {
        addReplace(json);
    } else {
        throw InputError(json.source(), json.fieldPath("type"),
                         "Sequence, NFC, NFD, NFKC, NFKD, Prepend or Replace", type);
    }
}

void Normalizer::addReplace(const JsonObject& json) {
    Step step{Kind::replace, checkedContent(json, "content"), {}};
    step.pattern = readPattern(json);
    steps_.push_back(std::move(step));
}

std::string Normalizer::apply(std::string_view text) const {
    // No form of Unicode lengthens a text more; a file that does is not meant for texts.
    const std::size_t longest = 32 * text.size() + (1 << 16);
    std::string result(text);
    for (const Step& step : steps_) {
        switch (step.kind) {
        case Kind::composed:
            result = inForm(result, UTF8PROC_COMPOSE);
            break;
        case Kind::decomposed:
            result = inForm(result, UTF8PROC_DECOMPOSE);
            break;
        case Kind::compatiblyComposed:
            result = inForm(result, static_cast<unsigned>(UTF8PROC_COMPOSE) | UTF8PROC_COMPAT);
            break;
        case Kind::compatiblyDecomposed:
            result = inForm(result, static_cast<unsigned>(UTF8PROC_DECOMPOSE) | UTF8PROC_COMPAT);
            break;
        case Kind::prepend:
            if (!result.empty()) {
                result.insert(0, step.content);
            }
            break;
        case Kind::replace:
            result = replaced(step, result);
            break;
        }
        if (result.size() > longest) {
            throw Error("the normalizer of the tokenizer makes a text more than 32 times as long");
        }
    }
    return result;
}

std::string Normalizer::replaced(const Step& step, std::string_view text) {
    Pattern::Matcher matcher(*step.pattern);
    std::string result;
    std::size_t done = 0;
    for (std::size_t from = 0; from < text.size();) {
        const auto match = matcher.find(text, from);
        if (!match) {
            break;
        }
        if (match->begin == match->end) { // nothing is not replaced
            from = nextCharacter(text, match->end);
            continue;
        }
        result.append(text, done, match->begin - done).append(step.content);
        done = from = match->end;
    }
    return result.append(text, done);
}

} // namespace planish
