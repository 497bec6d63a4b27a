// SPDX-License-Identifier: GPL-3.0-or-later
#include "cli/commands.h"
#include "cli/recorded_runs.h"
#include "experiment/claims.h"
#include "support/error.h"
#include "support/file.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <string_view>

namespace planish::cli {
namespace {

constexpr std::uint64_t largestPage = std::uint64_t{64} << 20;

struct ClaimsArguments {
    std::string claims;
    std::string store;
    std::string out;
    std::string check;
};

/// Throws Error naming the first line that differs.
void checkPage(const std::string& path, std::string_view expected) {
    const std::string found = readWholeFile(path, largestPage);
    if (found == expected) {
        return;
    }
    const auto [a, b] = std::mismatch(found.begin(), found.end(), expected.begin(), expected.end());
    throw Error(fmt::format("{} is not what the runs say, from line {} on; write it anew with --out", path,
                            1 + std::count(found.begin(), a, '\n')));
}

void writePage(const ClaimsArguments& arguments) {
    const std::string page = resultsMarkdown(ClaimsDocument::fromFile(arguments.claims),
                                             readRuns(arguments.store), arguments.store);
    if (!arguments.out.empty()) {
        replaceFile(arguments.out, page);
    }
    if (!arguments.check.empty()) {
        checkPage(arguments.check, page);
    }
    if (arguments.out.empty() && arguments.check.empty()) {
        fmt::print("{}", page);
    }
}

} // namespace

void addClaims(CLI::App& app) {
    auto* command =
        app.add_subcommand("claims", "what somebody claims beside what was measured, as Markdown");
    const auto arguments = std::make_shared<ClaimsArguments>();
    command->add_option("CLAIMS", arguments->claims, "claims and how they are read (planish.claims/1)")
        ->required();
    command->add_option("--store", arguments->store, "results document (.h5) that has their runs")
        ->required();
    command->add_option("--out", arguments->out, "write the page to this file instead of printing it");
    command->add_option("--check", arguments->check, "fail unless this file is the page");
    command->callback([arguments] { writePage(*arguments); });
}

} // namespace planish::cli
