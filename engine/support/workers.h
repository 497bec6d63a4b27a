// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "support/job.h"

#include <cstddef>
#include <functional>
#include <memory>

namespace planish {

/// The threads all engine work runs on: one TBB arena of a size the user chooses.
class Workers {
  public:
    /// `threads` 0 means one for every core of the machine.
    explicit Workers(int threads = 0);
    ~Workers();
    Workers(const Workers&) = delete;
    Workers& operator=(const Workers&) = delete;

    int threads() const { return threads_; }

    /// Calls body(i) for every i below `count`, in any order and on any of the threads, and returns when all
    /// have ended. Each item must be independent of the others and of the thread it runs on: that is what
    /// makes results the same for every thread count. Between items the monitor is asked, and Cancelled
    /// thrown; an exception of a body stops the rest and is rethrown here.
    void forEach(std::size_t count, const std::function<void(std::size_t)>& body, const JobMonitor& monitor);
    void forEach(std::size_t count, const std::function<void(std::size_t)>& body);

  private:
    struct Arena;
    int threads_;
    std::unique_ptr<Arena> arena_;
};

} // namespace planish
