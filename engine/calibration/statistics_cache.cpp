// SPDX-License-Identifier: GPL-3.0-or-later
#include "calibration/statistics_cache.h"

#include "calibration/statistics_file.h"

#include <utility>

namespace planish {

StatisticsCache::StatisticsCache(std::filesystem::path folder, std::uint64_t limitBytes)
    : FileCache(std::move(folder), "statistics", limitBytes) {}

StatisticsCache StatisticsCache::ofUser() {
    return {userFolder("statistics"), usualLimit};
}

std::optional<InputStatistics> StatisticsCache::find(const std::string& key, std::size_t columns) const {
    std::optional<InputStatistics> inputs;
    FileCache::find(key,
                    [&](const std::filesystem::path& path) { inputs = readStatistics(path, key, columns); });
    return inputs;
}

bool StatisticsCache::keep(const std::string& key, const InputStatistics& inputs) {
    const auto width = static_cast<std::size_t>(inputs.hessian.cols());
    return fitsStatisticsFile(inputs) &&
           FileCache::keep(key, statisticsFileSize(width, inputs.crossMoment.size() > 0),
                           [&](const std::filesystem::path& path) { writeStatistics(path, key, inputs); });
}

} // namespace planish
