// SPDX-License-Identifier: GPL-3.0-or-later
#include "calibration/statistics_cache.h"
#include "cli/arguments.h"
#include "cli/commands.h"
#include "support/error.h"
#include "support/text.h"
#include "training/training_cache.h"

#include <fmt/format.h>

#include <memory>

namespace planish::cli {
namespace {

template <typename Cache>
Json describe(const Cache& cache) {
    return {{"folder", cache.folder().string()},
            {"entries", cache.entries()},
            {"bytes", cache.bytes()},
            {"limit_bytes", cache.limitBytes()}};
}

void show(const char* title, const Json& cache) {
    fmt::print("{:<11} {} entries, {} of {} in {}\n", title, cache["entries"].get<std::size_t>(),
               formatBytes(cache["bytes"].get<std::uint64_t>()),
               formatBytes(cache["limit_bytes"].get<std::uint64_t>()), cache["folder"].get<std::string>());
}

template <typename Cache>
void clear(Cache& cache) {
    if (!cache.clear()) {
        throw Error(fmt::format("{}: not everything could be removed", cache.folder().string()));
    }
}

} // namespace

void addCache(CLI::App& app) {
    struct Arguments {
        bool clear = false;
        bool json = false;
    };
    auto* command = app.add_subcommand("cache", "calibration statistics and trainings kept on disk, in "
                                                "$PLANISH_CACHE or the user's cache folder");
    const auto arguments = std::make_shared<Arguments>();
    command->add_flag("--clear", arguments->clear,
                      "remove them; what is needed is collected and trained anew");
    addJson(*command, arguments->json);
    command->callback([arguments] {
        StatisticsCache statistics = StatisticsCache::ofUser();
        TrainingCache trainings = TrainingCache::ofUser();
        if (arguments->clear) {
            clear(statistics);
            clear(trainings);
        }
        Json document = describe(statistics);
        document["trainings"] = describe(trainings);
        if (arguments->json) {
            printJson(document);
        } else {
            show("statistics", document);
            show("trainings", document["trainings"]);
        }
    });
}

} // namespace planish::cli
