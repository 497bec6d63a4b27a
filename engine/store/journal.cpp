// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/journal.h"

#include "support/error.h"
#include "support/file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <system_error>

namespace planish {
namespace {

std::string shown(const std::filesystem::path& path) {
    return printable(path.string(), 400);
}

/// Names in a folder; none when it does not exist.
std::vector<std::filesystem::path> filesOf(const std::filesystem::path& folder) {
    std::vector<std::filesystem::path> files;
    std::error_code failure;
    for (std::filesystem::directory_iterator it(folder, failure), end; !failure && it != end;
         it.increment(failure)) {
        files.push_back(it->path());
    }
    if (failure && failure != std::errc::no_such_file_or_directory) {
        throw Error(fmt::format("{}: cannot be listed: {}", shown(folder), failure.message()));
    }
    std::sort(files.begin(), files.end());
    return files;
}

std::optional<Journal::Entry> parseName(const std::filesystem::path& path) {
    const std::string name = path.filename().string();
    const std::size_t dash = name.find('-');
    if (dash == std::string::npos || !name.ends_with(".h5")) {
        return std::nullopt;
    }
    Journal::Entry entry{path, 0, name.substr(dash + 1, name.size() - dash - 4)};
    const char* const end = name.data() + dash;
    const auto [rest, error] = std::from_chars(name.data(), end, entry.sequence);
    if (rest != end || error != std::errc()) {
        return std::nullopt;
    }
    return entry;
}

/// Makes a new name in a folder durable.
void syncFolder(const std::filesystem::path& folder) {
    const int descriptor = ::open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor >= 0) {
        ::fsync(descriptor);
        ::close(descriptor);
    }
}

} // namespace

Journal::Journal(const std::filesystem::path& document) : folder_(document) {
    folder_ += ".journal";
}

std::vector<Journal::Entry> Journal::entries() const {
    std::vector<Entry> entries;
    for (const std::filesystem::path& path : filesOf(folder_)) {
        if (auto entry = parseName(path)) {
            entries.push_back(std::move(*entry));
        }
    }
    std::stable_sort(entries.begin(), entries.end(),
                     [](const Entry& a, const Entry& b) { return a.sequence < b.sequence; });
    return entries;
}

std::vector<std::filesystem::path> Journal::damaged() const {
    std::vector<std::filesystem::path> files = filesOf(folder_);
    std::erase_if(files, [](const auto& path) { return path.extension() != ".damaged"; });
    return files;
}

void Journal::add(const std::string& runId, std::string_view image) const {
    std::error_code failure;
    if (std::filesystem::create_directory(folder_, failure)) {
        syncFolder(folder_.parent_path());
    }
    if (failure) {
        throw Error(fmt::format("{}: the folder cannot be made: {}", shown(folder_), failure.message()));
    }
    const std::vector<Entry> present = entries();
    const std::uint64_t sequence = present.empty() ? 1 : present.back().sequence + 1;
    commitFile(folder_ / fmt::format("{:08}-{}.h5", sequence, runId), image);
}

void Journal::setAside(const Entry& entry) {
    std::filesystem::path target = entry.path;
    target += ".damaged";
    std::error_code failure;
    std::filesystem::rename(entry.path, target, failure);
    if (failure) {
        throw Error(fmt::format("{}: cannot be renamed: {}", shown(entry.path), failure.message()));
    }
}

void Journal::remove(const std::vector<Entry>& entries) {
    for (const Entry& entry : entries) {
        std::error_code failure;
        std::filesystem::remove(entry.path, failure);
        if (failure) {
            throw Error(fmt::format("{}: cannot be removed: {}", shown(entry.path), failure.message()));
        }
    }
}

void Journal::tidy() const {
    std::error_code ignored;
    for (const std::filesystem::path& path : filesOf(folder_)) {
        if (path.extension() == ".tmp") {
            std::filesystem::remove(path, ignored);
        }
    }
    std::filesystem::remove(folder_, ignored); // fails, as it should, unless empty
}

void commitFile(const std::filesystem::path& path, std::string_view content) {
    std::error_code failure;
    const auto folder = path.has_parent_path() ? path.parent_path() : std::filesystem::path(".");
    const std::filesystem::space_info space = std::filesystem::space(folder, failure);
    if (!failure && space.available / 2 < content.size()) {
        throw Error(fmt::format("{}: the disk is full: {} bytes needed, {} free", shown(path),
                                2 * content.size(), space.available));
    }
    try {
        replaceFile(path, content);
    } catch (const std::exception& error) {
        throw Error(
            fmt::format("{}: not written, {} bytes needed: {}", shown(path), content.size(), error.what()));
    }
}

} // namespace planish
