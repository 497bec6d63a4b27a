// SPDX-License-Identifier: GPL-3.0-or-later
#include "evaluation/text_form.h"

#include "support/json.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <filesystem>
#include <functional>
#include <system_error>

namespace planish {
namespace {

constexpr std::string_view jsonEnding = ".jsonl";
constexpr std::string_view rowsWord = "rows";
constexpr std::string_view blankLine = "\n\n";

bool isFile(const std::string& path) {
    std::error_code ignored;
    return std::filesystem::is_regular_file(path, ignored);
}

/// Calls body(line number from 1, line without its end) for each line.
void forLines(std::string_view text, const std::function<bool(std::size_t, std::string_view)>& body) {
    for (std::size_t number = 1; !text.empty(); ++number) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        if (!body(number, text.substr(0, end))) {
            return;
        }
        text.remove_prefix(std::min(end + 1, text.size()));
    }
}

bool isBlank(std::string_view line) {
    return line.find_first_not_of(" \t\r\v\f") == std::string_view::npos;
}

std::vector<std::string> textFieldsOf(const Json& object) {
    std::vector<std::string> names;
    for (const auto& [key, value] : object.items()) {
        if (value.is_string()) {
            names.push_back(key);
        }
    }
    return names;
}

} // namespace

TextReference TextReference::parse(const std::string& text) {
    const std::size_t colon = text.rfind(':');
    if (colon == std::string::npos || isFile(text) || !isFile(text.substr(0, colon))) {
        return {text, text.ends_with(jsonEnding) ? Form::jsonLines : Form::plain, usualField};
    }
    const std::string path = text.substr(0, colon);
    const std::string word = text.substr(colon + 1);
    if (path.ends_with(jsonEnding)) {
        return {path, Form::jsonLines, word};
    }
    if (word != rowsWord) {
        throw InputError(path, "text", "FILE.jsonl:FIELD, or FILE:rows for the rows of WikiText", ":" + word);
    }
    return {path, Form::rows, ""};
}

std::string TextReference::name() const {
    const std::string stem = std::filesystem::path(path).stem().string();
    return form == Form::rows                               ? fmt::format("{}:{}", stem, rowsWord)
           : form == Form::jsonLines && field != usualField ? fmt::format("{}:{}", stem, field)
                                                            : stem;
}

std::string joinedFields(std::string_view lines, const std::string& field, const std::string& source) {
    std::string text;
    bool any = false;
    forLines(lines, [&](std::size_t number, std::string_view line) {
        if (isBlank(line)) {
            return true;
        }
        const std::string where = fmt::format("{}, line {}", source, number);
        const Json document = parseJson(line, where);
        const JsonObject object(document, where);
        if (!object.has(field)) {
            const auto names = textFieldsOf(document);
            throw InputError(where, field,
                             names.empty() ? "a field of text"
                                           : fmt::format("a field of text, one of {}: FILE.jsonl:FIELD",
                                                         fmt::join(names, ", ")),
                             "none of that name");
        }
        text += any ? blankLine : std::string_view();
        text += object.string(field);
        any = true;
        return true;
    });
    return text;
}

std::vector<std::string> textFields(std::string_view lines) {
    std::vector<std::string> names;
    forLines(lines, [&](std::size_t, std::string_view line) {
        if (isBlank(line)) {
            return true;
        }
        try {
            const Json document = parseJson(line, "first line");
            names = textFieldsOf(document);
        } catch (const InputError&) {
            names.clear(); // which opening the file explains
        }
        return false;
    });
    return names;
}

std::string joinedRows(std::string_view file) {
    std::string text;
    text.reserve(2 * file.size());
    forLines(file, [&](std::size_t number, std::string_view line) {
        text += number > 1 ? blankLine : std::string_view();
        if (!isBlank(line)) {
            text += line;
            text += '\n';
        }
        return true;
    });
    return text;
}

} // namespace planish
