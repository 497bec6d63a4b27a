// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace planish {

/// What is read of a file of text: "FILE", "FILE.jsonl", "FILE.jsonl:FIELD" or "FILE:rows".
struct TextReference {
    enum class Form {
        plain,     ///< the file itself
        jsonLines, ///< a field of each line's object, a blank line between them
        rows       ///< WikiText as its data set has it: see joinedRows()
    };
    std::string path;
    Form form = Form::plain;
    std::string field; ///< of JSON lines

    /// A file of the whole name goes before one of the name up to the last colon.
    static TextReference parse(const std::string& text);
    /// "wiki.test", or "articles:body" and "wiki.test:rows" for what is not the usual of a file.
    std::string name() const;
};
inline constexpr const char* usualField = "text";

/// The field of every line's JSON object, a blank line between them; lines with nothing are passed over.
/// Throws InputError naming file, line and field.
std::string joinedFields(std::string_view lines, const std::string& field, const std::string& source);

/// Names of the fields of the first line's object that are text, for people to choose from; empty when there
/// is no such object.
std::vector<std::string> textFields(std::string_view lines);

/// WikiText (Merity et al. 2016) is published as one file, and as a data set of its lines, where those of
/// white space alone are empty. The data set's rows are usually joined by blank lines to be measured (GPTQ,
/// Frantar et al. 2022), which makes another text of the same words: that one, from the file.
std::string joinedRows(std::string_view file);

} // namespace planish
