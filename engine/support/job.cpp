// SPDX-License-Identifier: GPL-3.0-or-later
#include "support/job.h"

namespace planish {

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
