// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "codec/input_statistics.h"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>

namespace planish {

// The file of one InputStatistics of n columns, numbers in the byte order of this machine:
//
//   bytes          content
//   8              "PlanishS"
//   4              version, 1
//   4              flags: 1 = has a cross moment
//   8              tokens
//   8              columns n
//   4 · 3n         mean magnitude, smallest, largest, fp32
//   4 · n(n+1)/2   H, its upper triangle row by row, fp32
//   4 · n²         cross moment, if there is one, row by row, fp32
//   64             SHA-256 of the key and all bytes above, lower-case hexadecimal
//
// The key in the checksum makes a file under another's name a damaged one.

/// Bytes of such a file, for at most mostStatisticsColumns columns.
std::uint64_t statisticsFileSize(std::size_t columns, bool crossMoment);
constexpr std::size_t mostStatisticsColumns = std::size_t{1} << 20;

/// Whether they come back from a file bit by bit: all parts of one width, finite, H symmetric.
bool fitsStatisticsFile(const InputStatistics& inputs);

/// Writes what fits to `path`. Throws Error when it cannot be written; part of it may be there then.
void writeStatistics(const std::filesystem::path& path, const std::string& key,
                     const InputStatistics& inputs);

/// Throws Error when the file is missing, damaged, not of `key`, not of `columns` columns or not finite.
/// Takes no more memory than statistics of that width, whatever the file says.
InputStatistics readStatistics(const std::filesystem::path& path, const std::string& key,
                               std::size_t columns);

} // namespace planish
