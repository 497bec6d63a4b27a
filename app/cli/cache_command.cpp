// SPDX-License-Identifier: GPL-3.0-or-later
#include "calibration/statistics_cache.h"
#include "cli/arguments.h"
#include "cli/commands.h"
#include "support/error.h"
#include "support/text.h"

#include <fmt/format.h>

#include <memory>

namespace planish::cli {
namespace {

void show(const StatisticsCache& cache, bool json) {
    const std::uint64_t bytes = cache.bytes();
    if (json) {
        printJson({{"folder", cache.folder().string()},
                   {"entries", cache.entries()},
                   {"bytes", bytes},
                   {"limit_bytes", cache.limitBytes()}});
        return;
    }
    fmt::print("folder   {}\n", cache.folder().string());
    fmt::print("entries  {}\n", cache.entries());
    fmt::print("size     {} ({} bytes)\n", formatBytes(bytes), bytes);
    fmt::print("limit    {}\n", formatBytes(cache.limitBytes()));
}

} // namespace

void addCache(CLI::App& app) {
    struct Arguments {
        bool clear = false;
        bool json = false;
    };
    auto* command = app.add_subcommand(
        "cache", "calibration statistics kept on disk, in $PLANISH_CACHE or the user's cache folder");
    const auto arguments = std::make_shared<Arguments>();
    command->add_flag("--clear", arguments->clear, "remove them; what is needed is collected anew");
    addJson(*command, arguments->json);
    command->callback([arguments] {
        StatisticsCache cache = StatisticsCache::ofUser();
        if (arguments->clear && !cache.clear()) {
            throw Error(fmt::format("{}: not everything could be removed", cache.folder().string()));
        }
        show(cache, arguments->json);
    });
}

} // namespace planish::cli
