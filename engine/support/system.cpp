// SPDX-License-Identifier: GPL-3.0-or-later
#include "support/system.h"

#include "support/error.h"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <malloc.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <limits>
#include <thread>

namespace planish {

std::string applicationVersion() {
    return "planish " PLANISH_VERSION;
}

std::string machineDescription() {
    std::ifstream info("/proc/cpuinfo");
    std::string line;
    std::string name = "unknown CPU";
    while (std::getline(info, line)) {
        if (line.starts_with("model name") && line.find(": ") != std::string::npos) {
            name = line.substr(line.find(": ") + 2);
            break;
        }
    }
    return fmt::format("{}, {} cores", name, std::thread::hardware_concurrency());
}

std::uint64_t peakMemoryBytes() {
    struct rusage usage {};
    getrusage(RUSAGE_SELF, &usage);
    return static_cast<std::uint64_t>(usage.ru_maxrss) * 1024; // Linux counts in KiB
}

std::uint64_t residentMemoryBytes() {
    std::ifstream statistics("/proc/self/statm");
    std::uint64_t pages = 0;
    statistics >> pages >> pages;
    return pages * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
}

std::uint64_t availableMemoryBytes() {
    std::ifstream statistics("/proc/meminfo");
    for (std::string line; std::getline(statistics, line);) {
        constexpr std::string_view name = "MemAvailable:";
        if (line.starts_with(name)) {
            return std::strtoull(line.c_str() + name.size(), nullptr, 10) << 10;
        }
    }
    return std::numeric_limits<std::uint64_t>::max();
}

void keepFreedBuffers() {
#ifdef __GLIBC__
    mallopt(M_MMAP_THRESHOLD, 32 << 20);
    mallopt(M_TRIM_THRESHOLD, 64 << 20);
#endif
}

void preferLargePages(void* data, std::size_t bytes) {
#ifdef MADV_HUGEPAGE
    constexpr std::uintptr_t page = std::uintptr_t{2} << 20;
    const auto begin = (reinterpret_cast<std::uintptr_t>(data) + page - 1) / page * page;
    const auto end = (reinterpret_cast<std::uintptr_t>(data) + bytes) / page * page;
    if (end > begin) {
        madvise(reinterpret_cast<void*>(begin), end - begin, MADV_HUGEPAGE); // advice may be declined
    }
#else
    static_cast<void>(data);
    static_cast<void>(bytes);
#endif
}

std::string currentTime() {
    return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(std::time(nullptr)));
}

std::filesystem::path resourceFolder() {
    if (const char* chosen = std::getenv("PLANISH_RESOURCES"); chosen != nullptr && *chosen != '\0') {
        return chosen;
    }
    std::error_code ignored;
    const auto program = std::filesystem::read_symlink("/proc/self/exe", ignored);
    const auto installed = program.parent_path().parent_path() / "share" / "planish";
    for (const auto& folder : {installed, std::filesystem::path(PLANISH_SOURCE_RESOURCES)}) {
        if (std::filesystem::is_directory(folder / "models", ignored)) {
            return folder;
        }
    }
    throw Error(fmt::format(
        "the bundled models and texts were not found: set PLANISH_RESOURCES, or install them at {}",
        installed.string()));
}

} // namespace planish
