// SPDX-License-Identifier: GPL-3.0-or-later
#include "support/workers.h"

#include <oneapi/tbb/global_control.h>
#include <oneapi/tbb/info.h>
#include <oneapi/tbb/parallel_for.h>
#include <oneapi/tbb/task_arena.h>

#include <algorithm>
#include <atomic>

namespace planish {

constexpr int largestArena = 1024;

/// TBB allows as many threads as cores unless told otherwise, and of several limits the smallest holds; so
/// every arena asks for the same large one, and only its own size counts.
struct Workers::Arena {
    explicit Arena(int threads)
        : limit(tbb::global_control::max_allowed_parallelism, largestArena), arena(threads) {}
    tbb::global_control limit;
    tbb::task_arena arena;
};

Workers::Workers(int threads)
    : threads_(std::clamp(threads > 0 ? threads : tbb::info::default_concurrency(), 1, largestArena)),
      arena_(std::make_unique<Arena>(threads_)) {}

Workers::~Workers() = default;

void Workers::forEach(std::size_t count, const std::function<void(std::size_t)>& body,
                      const JobMonitor& monitor) {
    // Fork and join spelled out in atomics, as ThreadSanitizer does not see those inside TBB's library.
    std::atomic<std::size_t> fence = 0;
    fence.store(1, std::memory_order_release);
    arena_->arena.execute([&] {
        tbb::parallel_for(
            tbb::blocked_range<std::size_t>(0, count, 1),
            [&](const tbb::blocked_range<std::size_t>& range) {
                for (std::size_t i = range.begin(); i != range.end(); ++i) {
                    monitor.throwIfCancelled();
                    fence.load(std::memory_order_acquire);
                    body(i);
                    fence.fetch_add(1, std::memory_order_acq_rel);
                }
            },
            tbb::simple_partitioner());
    });
    fence.load(std::memory_order_acquire);
}

void Workers::forEach(std::size_t count, const std::function<void(std::size_t)>& body) {
    forEach(count, body, SilentMonitor());
}

} // namespace planish
