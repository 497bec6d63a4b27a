// SPDX-License-Identifier: GPL-3.0-or-later
#include "support/workers.h"

#include <oneapi/tbb/global_control.h>
#include <oneapi/tbb/info.h>
#include <oneapi/tbb/parallel_for.h>
#include <oneapi/tbb/task_arena.h>

#include <algorithm>

namespace planish {

/// TBB limits its worker threads to the number of cores unless told otherwise, so a larger arena needs the
/// limit raised.
struct Workers::Arena {
    explicit Arena(int threads)
        : limit(tbb::global_control::max_allowed_parallelism,
                static_cast<std::size_t>(std::max(threads, tbb::info::default_concurrency()))),
          arena(threads) {}
    tbb::global_control limit;
    tbb::task_arena arena;
};

Workers::Workers(int threads)
    : threads_(std::clamp(threads > 0 ? threads : tbb::info::default_concurrency(), 1, 1024)),
      arena_(std::make_unique<Arena>(threads_)) {}

Workers::~Workers() = default;

void Workers::forEach(std::size_t count, const std::function<void(std::size_t)>& body,
                      const JobMonitor& monitor) {
    arena_->arena.execute([&] {
        tbb::parallel_for(
            tbb::blocked_range<std::size_t>(0, count, 1),
            [&](const tbb::blocked_range<std::size_t>& range) {
                for (std::size_t i = range.begin(); i != range.end(); ++i) {
                    monitor.throwIfCancelled();
                    body(i);
                }
            },
            tbb::simple_partitioner());
    });
}

void Workers::forEach(std::size_t count, const std::function<void(std::size_t)>& body) {
    forEach(count, body, SilentMonitor());
}

} // namespace planish
