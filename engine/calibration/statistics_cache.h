// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "codec/input_statistics.h"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace planish {

/// Statistics of inputs on disk, so that a run with another codec need not collect them again. Keys are
/// SHA-256 digests, 64 lower-case hexadecimal digits, of all that determines the statistics; another key
/// throws Error. Each is a file KEY.statistics (statistics_file.h); no other file in the folder is touched.
///
/// A cache is never a reason for a run to fail: what is damaged is removed and absent, what cannot be written
/// is not kept. Several threads, objects and processes may use a folder at once.
class StatisticsCache {
  public:
    static constexpr std::uint64_t usualLimit = std::uint64_t{4} << 30;

    /// Makes the folder when something is kept. An empty `folder` is none: nothing is kept.
    StatisticsCache(std::filesystem::path folder, std::uint64_t limitBytes);
    /// In "statistics" in $PLANISH_CACHE if set, else $XDG_CACHE_HOME/planish, else ~/.cache/planish.
    static StatisticsCache ofUser();

    const std::filesystem::path& folder() const { return folder_; }
    std::uint64_t limitBytes() const { return limit_; }

    /// What was kept, bit by bit, if it is there, undamaged and of `columns` columns; then it counts as just
    /// used. Otherwise the file is removed.
    std::optional<InputStatistics> find(const std::string& key, std::size_t columns) const;
    /// Removes what was not used for longest until the files are under the limit together with this one.
    /// Returns false when it is not kept: larger than the limit, not fit for a file (fitsStatisticsFile), or
    /// the folder cannot be written or is full.
    bool keep(const std::string& key, const InputStatistics& inputs);

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
    std::vector<Entry> list() const;
    bool makeRoom(const std::filesystem::path& path, std::uint64_t bytes) const;
    void removeAbandoned() const;

    std::filesystem::path folder_;
    std::uint64_t limit_;
};

} // namespace planish
