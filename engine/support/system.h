// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>

namespace planish {

/// "planish 0.1.0".
std::string applicationVersion();

/// The CPU's model name and core count, such as "AMD EPYC, 2 cores".
std::string machineDescription();

/// Largest resident memory of this process so far, in bytes.
std::uint64_t peakMemoryBytes();

/// Resident memory of this process now, in bytes.
std::uint64_t residentMemoryBytes();

/// Memory that programs can still get without swapping, in bytes; the largest number where that is not known.
std::uint64_t availableMemoryBytes();

/// Tells the allocator to hold on to the memory of freed buffers of some megabytes, as the next tile of work
/// asks for the same again: giving it back and getting it zeroed took 6 % of an evaluation. For programs, at
/// start.
void keepFreedBuffers();

/// Asks for large pages behind memory that was allocated but not yet written: millions of small ones took a
/// quarter of the time of packing a model. Does nothing for less than some megabytes or where the system has
/// none.
void preferLargePages(void* data, std::size_t bytes);

/// UTC, ISO 8601 to the second: "2024-01-31T12:00:00Z".
std::string currentTime();

/// The folder with bundled models, corpora and presets: $PLANISH_RESOURCES when set, else the installed place
/// relative to the running program (../share/planish), else the source tree this binary was built from.
/// Throws Error naming all three when none exists.
std::filesystem::path resourceFolder();

} // namespace planish
