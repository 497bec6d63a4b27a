// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "codec/input_statistics.h"
#include "support/file_cache.h"

#include <optional>

namespace planish {

/// Statistics of inputs on disk (statistics_file.h), so that a run with another codec need not collect them
/// again. Keys are digests of all that determines the statistics.
class StatisticsCache : private FileCache {
  public:
    static constexpr std::uint64_t usualLimit = std::uint64_t{4} << 30;

    StatisticsCache(std::filesystem::path folder, std::uint64_t limitBytes);
    /// FileCache::userFolder("statistics").
    static StatisticsCache ofUser();

    using FileCache::bytes;
    using FileCache::clear;
    using FileCache::entries;
    using FileCache::folder;
    using FileCache::limitBytes;

    /// What was kept, bit by bit, if it is there, undamaged and of `columns` columns. Otherwise the file is
    /// removed.
    std::optional<InputStatistics> find(const std::string& key, std::size_t columns) const;
    /// Returns false when it is not kept: see FileCache::keep, or not fit for a file (fitsStatisticsFile).
    bool keep(const std::string& key, const InputStatistics& inputs);
};

} // namespace planish
