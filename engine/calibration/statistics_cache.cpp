// SPDX-License-Identifier: GPL-3.0-or-later
#include "calibration/statistics_cache.h"

#include "calibration/statistics_file.h"
#include "support/error.h"
#include "support/file.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <numeric>
#include <string_view>
#include <tuple>
#include <utility>

namespace planish {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t keyDigits = 64;
constexpr std::string_view suffix = ".statistics";
/// Nobody writes for that long without the file's time moving on: its writer was killed.
constexpr std::chrono::hours abandonedAfter{1};

bool isKey(std::string_view text) {
    return text.size() == keyDigits && text.find_first_not_of("0123456789abcdef") == text.npos;
}

/// KEY.statistics
bool isEntry(std::string_view name) {
    return name.ends_with(suffix) && isKey(name.substr(0, name.size() - suffix.size()));
}

/// KEY.statistics.PROCESS.tmp: what replaceFile writes aside.
bool isTemporary(std::string_view name) {
    constexpr std::string_view end = ".tmp";
    if (!name.ends_with(end) || !isEntry(name.substr(0, keyDigits + suffix.size()))) {
        return false;
    }
    const std::string_view process =
        name.substr(keyDigits + suffix.size(), name.size() - keyDigits - suffix.size() - end.size());
    return process.size() > 1 && process[0] == '.' &&
           process.find_first_not_of("0123456789", 1) == process.npos;
}

/// Unlike std::filesystem::remove never a folder.
bool removeFile(const fs::path& path) {
    return ::unlink(path.c_str()) == 0 || errno == ENOENT;
}

/// Calls `visit` with every regular file; whatever goes wrong ends the listing or skips the file.
template <typename Visit>
void forFiles(const fs::path& folder, Visit&& visit) {
    std::error_code failed;
    for (fs::directory_iterator file(folder, failed), end; !failed && file != end; file.increment(failed)) {
        std::error_code vanished;
        if (file->symlink_status(vanished).type() == fs::file_type::regular && !vanished) {
            visit(*file);
        }
    }
}

fs::path userFolder() {
    const auto variable = [](const char* name) {
        const char* value = std::getenv(name);
        return fs::path(value != nullptr ? value : "");
    };
    if (const fs::path chosen = variable("PLANISH_CACHE"); !chosen.empty()) {
        return chosen / "statistics";
    }
    // The XDG base directory specification has relative paths ignored.
    if (const fs::path caches = variable("XDG_CACHE_HOME"); caches.is_absolute()) {
        return caches / "planish" / "statistics";
    }
    const fs::path home = variable("HOME");
    return home.empty() ? fs::path() : home / ".cache" / "planish" / "statistics";
}

} // namespace

StatisticsCache::StatisticsCache(fs::path folder, std::uint64_t limitBytes)
    : folder_(std::move(folder)), limit_(limitBytes) {}

StatisticsCache StatisticsCache::ofUser() {
    return {userFolder(), usualLimit};
}

fs::path StatisticsCache::pathOf(const std::string& key) const {
    if (!isKey(key)) {
        throw Error(fmt::format("\"{}\" is no key of kept statistics: expected a SHA-256", printable(key)));
    }
    return folder_ / key += suffix;
}

std::optional<InputStatistics> StatisticsCache::find(const std::string& key, std::size_t columns) const {
    const fs::path path = pathOf(key);
    std::error_code ignored;
    if (folder_.empty() || !fs::exists(path, ignored)) {
        return std::nullopt;
    }
    try {
        InputStatistics inputs = readStatistics(path, key, columns);
        fs::last_write_time(path, fs::file_time_type::clock::now(), ignored);
        return inputs;
    } catch (const Error&) {
        removeFile(path);
        return std::nullopt;
    }
}

bool StatisticsCache::keep(const std::string& key, const InputStatistics& inputs) {
    const fs::path path = pathOf(key);
    if (folder_.empty() || !fitsStatisticsFile(inputs)) {
        return false;
    }
    const std::uint64_t bytes =
        statisticsFileSize(static_cast<std::size_t>(inputs.hessian.cols()), inputs.crossMoment.size() > 0);
    std::error_code failed;
    fs::create_directories(folder_, failed);
    if (failed || bytes > limit_ || !makeRoom(path, bytes)) {
        return false;
    }
    try {
        replaceFile(path, [&](const fs::path& temporary) {
            writeStatistics(temporary, key, inputs);
            // The kernel's own times are coarser than those that find() sets: the order would not be right.
            fs::last_write_time(temporary, fs::file_time_type::clock::now(), failed);
        });
        return true;
    } catch (const Error&) {
        return false;
    }
}

std::vector<StatisticsCache::Entry> StatisticsCache::list() const {
    std::vector<Entry> entries;
    forFiles(folder_, [&](const fs::directory_entry& file) {
        if (!isEntry(file.path().filename().native())) {
            return;
        }
        std::error_code vanished;
        const std::uint64_t bytes = file.file_size(vanished);
        const fs::file_time_type used = vanished ? fs::file_time_type() : file.last_write_time(vanished);
        if (!vanished) {
            entries.push_back({file.path(), bytes, used});
        }
    });
    return entries;
}

bool StatisticsCache::makeRoom(const fs::path& path, std::uint64_t bytes) const {
    removeAbandoned();
    std::vector<Entry> others = list();
    std::erase_if(others, [&](const Entry& entry) { return entry.path == path; });
    std::sort(others.begin(), others.end(), [](const Entry& a, const Entry& b) {
        return std::tie(a.used, a.path) < std::tie(b.used, b.path);
    });
    std::uint64_t total = bytes;
    for (const Entry& entry : others) {
        total += entry.bytes;
    }
    for (const Entry& entry : others) {
        if (total <= limit_) {
            break;
        }
        if (removeFile(entry.path)) {
            total -= entry.bytes;
        }
    }
    return total <= limit_;
}

void StatisticsCache::removeAbandoned() const {
    const auto longAgo = fs::file_time_type::clock::now() - abandonedAfter;
    forFiles(folder_, [&](const fs::directory_entry& file) {
        std::error_code vanished;
        if (isTemporary(file.path().filename().native()) && file.last_write_time(vanished) < longAgo &&
            !vanished) {
            removeFile(file.path());
        }
    });
}

std::uint64_t StatisticsCache::bytes() const {
    const std::vector<Entry> kept = list();
    return std::accumulate(kept.begin(), kept.end(), std::uint64_t{0},
                           [](std::uint64_t sum, const Entry& entry) { return sum + entry.bytes; });
}

std::size_t StatisticsCache::entries() const {
    return list().size();
}

bool StatisticsCache::clear() {
    removeAbandoned();
    bool all = true;
    for (const Entry& entry : list()) {
        all = removeFile(entry.path) && all;
    }
    return all;
}

} // namespace planish
