// SPDX-License-Identifier: GPL-3.0-or-later
#include "cli/terminal_monitor.h"

#include "support/text.h"

#include <fmt/format.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <cstdio>

namespace planish::cli {
namespace {

std::atomic<bool> interrupted = false; // set by the signal handler, which has no other way to reach us
static_assert(std::atomic<bool>::is_always_lock_free);

} // namespace

void catchInterrupts() {
    struct sigaction action {};
    action.sa_handler = [](int) { interrupted = true; };
    sigaction(SIGINT, &action, nullptr);
    sigaction(SIGTERM, &action, nullptr);
}

TerminalMonitor::TerminalMonitor(Output output) : output_(output), terminal_(isatty(STDERR_FILENO) == 1) {}

TerminalMonitor::~TerminalMonitor() {
    clearLine();
}

void TerminalMonitor::clearLine() {
    if (lineShown_) {
        fmt::print(stderr, "\r\033[K");
        lineShown_ = false;
    }
}

void TerminalMonitor::report(const Progress& progress) {
    if (output_ == Output::none) {
        return;
    }
    const std::scoped_lock lock(mutex_);
    const auto now = Clock::now();
    const auto left = remaining_.update(progress, now);
    const auto interval = terminal_ ? std::chrono::milliseconds(100) : std::chrono::milliseconds(10'000);
    if (progress.stage == lastStage_ && now - lastShown_ < interval) {
        return;
    }
    lastStage_ = progress.stage;
    lastShown_ = now;
    std::string line = progress.stage;
    if (progress.total > 0) {
        line += fmt::format(" {:3.0f} %",
                            100.0 * static_cast<double>(progress.done) / static_cast<double>(progress.total));
    }
    if (left) {
        line += fmt::format(", {} left", formatSeconds(*left));
    }
    if (!progress.what.empty()) {
        line += ", " + progress.what;
    }
    if (terminal_) {
        fmt::print(stderr, "\r\033[K{}", printable(line, 100));
        lineShown_ = true;
    } else {
        fmt::print(stderr, "{}\n", line);
    }
}

bool TerminalMonitor::cancelled() const {
    return interrupted;
}

void TerminalMonitor::note(const std::string& line) {
    const std::scoped_lock lock(mutex_);
    clearLine();
    fmt::print(stderr, "{}\n", line);
}

} // namespace planish::cli
