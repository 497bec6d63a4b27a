// SPDX-License-Identifier: GPL-3.0-or-later
#include "evaluation/corpus.h"

#include "evaluation/text_form.h"
#include "support/error.h"
#include "support/file.h"
#include "support/sha256.h"
#include "support/system.h"
#include "support/text.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

namespace planish {

namespace {

constexpr std::uint64_t largestText = std::uint64_t{4} << 30;

/// A folder that happens to be called "docs" must not hide the bundled text. Records have names of texts
/// without their ending, which the file beside may have.
TextReference referenceTo(const std::string& nameOrPath) {
    TextReference reference = TextReference::parse(nameOrPath);
    std::error_code ignored;
    if (!std::filesystem::is_regular_file(reference.path, ignored)) {
        const std::vector<std::string> bundled = bundledCorpora();
        if (std::find(bundled.begin(), bundled.end(), nameOrPath) != bundled.end()) {
            reference.path = (resourceFolder() / "corpora" / (nameOrPath + ".txt")).string();
        } else if (std::filesystem::is_regular_file(reference.path + ".txt", ignored)) {
            reference.path += ".txt";
        } else if (!std::filesystem::exists(reference.path, ignored)) {
            throw InputError(nameOrPath, "text",
                             fmt::format("a file, or one of {}", fmt::join(bundled, ", ")), "neither");
        }
    }
    return reference;
}

std::string readText(const TextReference& reference) {
    std::string bytes = readWholeFile(reference.path, largestText);
    if (bytes.starts_with("PAR1")) {
        throw InputError(reference.path, "text",
                         "plain text or JSON lines; with pandas: "
                         "read_parquet(FILE).to_json('text.jsonl', orient='records', lines=True)",
                         "a Parquet file");
    }
    if (!isUtf8(bytes)) {
        throw InputError(reference.path, "text", "UTF-8", "other bytes");
    }
    switch (reference.form) {
    case TextReference::Form::plain:
        break;
    case TextReference::Form::jsonLines:
        return joinedFields(bytes, reference.field, reference.path);
    case TextReference::Form::rows:
        return joinedRows(bytes);
    }
    return bytes;
}

} // namespace

Corpus Corpus::open(const std::string& nameOrPath) {
    const TextReference reference = referenceTo(nameOrPath);
    Corpus corpus;
    corpus.name = reference.name();
    corpus.path = reference.path;
    corpus.text = readText(reference);
    if (corpus.text.empty()) {
        throw InputError(corpus.path, "text", "at least one character", "an empty one");
    }
    corpus.sha256 = sha256Hex(corpus.text);
    return corpus;
}

std::vector<std::string> bundledCorpora() {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(resourceFolder() / "corpora")) {
        if (entry.path().extension() == ".txt") {
            names.push_back(entry.path().stem().string());
        }
    }
    std::sort(names.begin(), names.end());
    return names;
}

} // namespace planish
