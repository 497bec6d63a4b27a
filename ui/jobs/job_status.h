// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QString>
#include <cstdint>
#include <optional>

namespace planish {

enum class JobState { queued, running, finished, failed, cancelled };

/// One job as people see it.
struct JobStatus {
    int id = 0;
    QString title;
    JobState state = JobState::queued;
    QString stage;        ///< "quantize: model.layers.0.mlp.up_proj"; empty before the first report
    double fraction = -1; ///< completed part in [0, 1]; negative while unknown
    std::optional<double> secondsLeft; ///< while running, once it can be estimated
    double elapsedSeconds = 0;         ///< since it started, without the time it was held
    bool cancelling = false;           ///< asked to stop, not stopped yet
    bool paused = false; ///< queued: others overtake it; running: it stops at its next progress point
    bool held = false;   ///< running and paused: it has come to that point
    std::uint64_t memoryBytes = 0;     ///< resident memory of the program while the job runs
    std::uint64_t peakMemoryBytes = 0; ///< the most of it that was seen
    QString error;                     ///< why it failed

    bool isOver() const { return state != JobState::queued && state != JobState::running; }
};

} // namespace planish
