// SPDX-License-Identifier: GPL-3.0-or-later
#include "cli/recorded_runs.h"

#include "store/results_document.h"
#include "support/error.h"
#include "support/text.h"

#include <fmt/format.h>

namespace planish::cli {

std::vector<RunRecord> readRuns(const std::string& store) {
    const ResultsDocument document(store);
    if (!document.exists()) {
        throw InputError(store, "file", "a results document", "nothing there");
    }
    std::vector<std::string> warnings;
    std::vector<RunRecord> runs = document.read(&warnings);
    for (const std::string& warning : warnings) {
        fmt::print(stderr, "{}\n", warning);
    }
    return runs;
}

const RunRecord& findRun(const std::vector<RunRecord>& runs, const std::string& key,
                         const std::string& store) {
    std::vector<const RunRecord*> matches;
    std::vector<std::string> known;
    for (const RunRecord& run : runs) {
        if (run.id == key) {
            return run;
        }
        if (run.id.starts_with(key) || run.name == key) {
            matches.push_back(&run);
        }
        known.push_back(run.id);
        known.push_back(run.name);
    }
    if (matches.size() == 1) {
        return *matches.front();
    }
    const auto hints = nearest(key, known);
    throw InputError(store, "run " + key, "the id of one run, its beginning, or its name",
                     matches.empty() ? (hints.empty() ? "none" : "none; did you mean " + hints.front())
                                     : fmt::format("{} runs", matches.size()));
}

} // namespace planish::cli
