// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace planish {

/// Files of results on disk that are known by what they were made of. Keys are SHA-256 digests, 64 lower-case
/// hexadecimal digits; another key throws Error. Each is a file KEY.KIND; no other file in the folder is
/// touched.
///
/// A cache is never a reason for work to fail: what is damaged is removed and absent, what cannot be written
/// is not kept. Several threads, objects and processes may use a folder at once.
class FileCache {
  public:
    /// Makes the folder when something is kept. An empty `folder` is none: nothing is kept. `kind`: one word,
    /// such as "statistics".
    FileCache(std::filesystem::path folder, std::string kind, std::uint64_t limitBytes);
    /// The folder `name` in $PLANISH_CACHE if set, else $XDG_CACHE_HOME/planish, else ~/.cache/planish; empty
    /// without a home.
    static std::filesystem::path userFolder(const char* name);

    const std::filesystem::path& folder() const { return folder_; }
    std::uint64_t limitBytes() const { return limit_; }

    /// Calls `read` with the path of what was kept; then it counts as just used. Returns false when there is
    /// nothing; where `read` throws Error the file is removed.
    bool find(const std::string& key, const std::function<void(const std::filesystem::path&)>& read) const;
    /// Removes what was not used for longest until the files are under the limit together with this one of
    /// `bytes`, which `write` makes. Returns false when it is not kept: larger than the limit, or the folder
    /// cannot be written or is full.
    bool keep(const std::string& key, std::uint64_t bytes,
              const std::function<void(const std::filesystem::path&)>& write);

    /// What is kept; reads the folder's listing, no file.
    std::uint64_t bytes() const;
    std::size_t entries() const;
    /// Removes everything that is kept. Returns false when something could not be removed.
    bool clear();

  private:
    struct Entry {
        std::filesystem::path path;
        std::uint64_t bytes = 0;
        std::filesystem::file_time_type used;
    };

    std::filesystem::path pathOf(const std::string& key) const;
    bool isEntry(std::string_view name) const;
    bool isTemporary(std::string_view name) const;
    std::vector<Entry> list() const;
    bool makeRoom(const std::filesystem::path& path, std::uint64_t bytes) const;
    void removeAbandoned() const;

    std::filesystem::path folder_;
    std::string suffix_; ///< ".statistics"
    std::uint64_t limit_;
};

} // namespace planish
