// SPDX-License-Identifier: GPL-3.0-or-later
#include "support/file_cache.h"

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
/// Nobody writes for that long without the file's time moving on: its writer was killed.
constexpr std::chrono::hours abandonedAfter{1};

bool isKey(std::string_view text) {
    return text.size() == keyDigits && text.find_first_not_of("0123456789abcdef") == text.npos;
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

} // namespace

FileCache::FileCache(fs::path folder, std::string kind, std::uint64_t limitBytes)
    : folder_(std::move(folder)), suffix_("." + kind), limit_(limitBytes) {}

fs::path FileCache::userFolder(const char* name) {
    const auto variable = [](const char* which) {
        const char* value = std::getenv(which);
        return fs::path(value != nullptr ? value : "");
    };
    if (const fs::path chosen = variable("PLANISH_CACHE"); !chosen.empty()) {
        return chosen / name;
    }
    // The XDG base directory specification has relative paths ignored.
    if (const fs::path caches = variable("XDG_CACHE_HOME"); caches.is_absolute()) {
        return caches / "planish" / name;
    }
    const fs::path home = variable("HOME");
    return home.empty() ? fs::path() : home / ".cache" / "planish" / name;
}

fs::path FileCache::pathOf(const std::string& key) const {
    if (!isKey(key)) {
        throw Error(fmt::format("\"{}\" is no key of kept {}: expected a SHA-256", printable(key),
                                suffix_.substr(1)));
    }
    return folder_ / (key + suffix_);
}

/// KEY.KIND
bool FileCache::isEntry(std::string_view name) const {
    return name.ends_with(suffix_) && isKey(name.substr(0, name.size() - suffix_.size()));
}

/// KEY.KIND.PROCESS.tmp: what replaceFile writes aside.
bool FileCache::isTemporary(std::string_view name) const {
    constexpr std::string_view end = ".tmp";
    const std::size_t stem = keyDigits + suffix_.size();
    if (!name.ends_with(end) || !isEntry(name.substr(0, stem))) {
        return false;
    }
    const std::string_view process = name.substr(stem, name.size() - stem - end.size());
    return process.size() > 1 && process[0] == '.' &&
           process.find_first_not_of("0123456789", 1) == process.npos;
}

bool FileCache::find(const std::string& key, const std::function<void(const fs::path&)>& read) const {
    const fs::path path = pathOf(key);
    std::error_code ignored;
    if (folder_.empty() || !fs::exists(path, ignored)) {
        return false;
    }
    try {
        read(path);
        fs::last_write_time(path, fs::file_time_type::clock::now(), ignored);
        return true;
    } catch (const Error&) {
        removeFile(path);
        return false;
    }
}

bool FileCache::keep(const std::string& key, std::uint64_t bytes,
                     const std::function<void(const fs::path&)>& write) {
    const fs::path path = pathOf(key);
    if (folder_.empty()) {
        return false;
    }
    std::error_code failed;
    fs::create_directories(folder_, failed);
    if (failed || bytes > limit_ || !makeRoom(path, bytes)) {
        return false;
    }
    try {
        replaceFile(path, [&](const fs::path& temporary) {
            write(temporary);
            // The kernel's own times are coarser than those that find() sets: the order would not be right.
            fs::last_write_time(temporary, fs::file_time_type::clock::now(), failed);
        });
        return true;
    } catch (const Error&) {
        return false;
    }
}

std::vector<FileCache::Entry> FileCache::list() const {
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

bool FileCache::makeRoom(const fs::path& path, std::uint64_t bytes) const {
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

void FileCache::removeAbandoned() const {
    const auto longAgo = fs::file_time_type::clock::now() - abandonedAfter;
    forFiles(folder_, [&](const fs::directory_entry& file) {
        std::error_code vanished;
        if (isTemporary(file.path().filename().native()) && file.last_write_time(vanished) < longAgo &&
            !vanished) {
            removeFile(file.path());
        }
    });
}

std::uint64_t FileCache::bytes() const {
    const std::vector<Entry> kept = list();
    return std::accumulate(kept.begin(), kept.end(), std::uint64_t{0},
                           [](std::uint64_t sum, const Entry& entry) { return sum + entry.bytes; });
}

std::size_t FileCache::entries() const {
    return list().size();
}

bool FileCache::clear() {
    removeAbandoned();
    bool all = true;
    for (const Entry& entry : list()) {
        all = removeFile(entry.path) && all;
    }
    return all;
}

} // namespace planish
