// SPDX-License-Identifier: GPL-3.0-or-later
#include "support/job.h"

#include <algorithm>

namespace planish {

void PartMonitor::report(const Progress& progress) {
    constexpr double resolution = 1e6;
    const double fraction =
        progress.total == 0 ? 0 : static_cast<double>(progress.done) / static_cast<double>(progress.total);
    const double done = begin_ + (end_ - begin_) * std::min(fraction, 1.0);
    whole_.report({stage_.empty() ? progress.stage : stage_, static_cast<std::uint64_t>(done * resolution),
                   static_cast<std::uint64_t>(resolution), progress.what.empty() ? what_ : progress.what});
}

void FinishedWork::add(std::uint64_t units, const std::string& what) {
    const std::scoped_lock lock(mutex_);
    done_ += units;
    monitor_.report({"", done_, total_, what});
}

std::optional<double> RemainingTime::update(const Progress& progress, Clock::time_point now) {
    if (progress.total != total_) {
        total_ = progress.total;
        firstDone_ = progress.done;
        start_ = now;
    }
    const double elapsed = std::chrono::duration<double>(now - start_).count();
    if (progress.total == 0 || progress.done <= firstDone_ || elapsed <= 0) {
        return std::nullopt;
    }
    const auto finished = static_cast<double>(progress.done - firstDone_);
    const auto left = static_cast<double>(progress.total - std::min(progress.done, progress.total));
    if (finished / static_cast<double>(progress.total) < 0.02 && elapsed < 0.5) {
        return std::nullopt;
    }
    return elapsed * left / finished;
}

} // namespace planish
