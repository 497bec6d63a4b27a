// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "support/job.h"

#include <chrono>
#include <mutex>

namespace planish::cli {

/// From here on an interrupt (Ctrl+C) or a request to terminate asks the work to stop instead of ending the
/// process.
void catchInterrupts();

/// Progress on stderr: one line rewritten in place on a terminal, else a plain line when the stage changes
/// and at most every ten seconds.
class TerminalMonitor final : public JobMonitor {
  public:
    enum class Output { progress, none };
    explicit TerminalMonitor(Output output = Output::progress);
    ~TerminalMonitor() override; ///< clears the line
    TerminalMonitor(const TerminalMonitor&) = delete;
    TerminalMonitor& operator=(const TerminalMonitor&) = delete;

    void report(const Progress& progress) override;
    bool cancelled() const override;
    /// Prints a line of its own, above the progress line.
    void note(const std::string& line);

  private:
    using Clock = std::chrono::steady_clock;
    void clearLine();

    std::mutex mutex_;
    Output output_;
    bool terminal_;
    bool lineShown_ = false;
    Clock::time_point lastShown_;
    std::string lastStage_;
    RemainingTime remaining_;
};

} // namespace planish::cli
