// SPDX-License-Identifier: GPL-3.0-or-later
#include "evaluation/corpus.h"

#include "support/error.h"
#include "support/file.h"
#include "support/sha256.h"
#include "support/system.h"
#include "support/text.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

namespace planish {

Corpus Corpus::open(const std::string& nameOrPath) {
    std::filesystem::path path = nameOrPath;
    std::error_code ignored;
    // A folder that happens to be called "docs" must not hide the bundled text.
    if (!std::filesystem::is_regular_file(path, ignored)) {
        const std::vector<std::string> bundled = bundledCorpora();
        if (std::find(bundled.begin(), bundled.end(), nameOrPath) != bundled.end()) {
            path = resourceFolder() / "corpora" / (nameOrPath + ".txt");
        } else if (!std::filesystem::exists(path, ignored)) {
            throw InputError(nameOrPath, "text",
                             fmt::format("a file, or one of {}", fmt::join(bundled, ", ")), "neither");
        }
    }
    Corpus corpus;
    corpus.name = path.stem().string();
    corpus.path = path.string();
    corpus.text = readWholeFile(path, std::uint64_t{4} << 30);
    if (corpus.text.empty()) {
        throw InputError(corpus.path, "text", "at least one character", "an empty file");
    }
    if (!isUtf8(corpus.text)) {
        throw InputError(corpus.path, "text", "UTF-8", "other bytes");
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
