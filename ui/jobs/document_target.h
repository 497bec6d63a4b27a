// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QString>
#include <mutex>

namespace planish {

/// Where runs are recorded. "Save as" moves the target, so that runs queued before follow; opening another
/// document makes another target, so that they stay where they belong. Thread-safe.
class DocumentTarget {
  public:
    explicit DocumentTarget(QString path) : path_(std::move(path)) {}
    QString path() const {
        const std::lock_guard lock(mutex_);
        return path_;
    }
    void move(const QString& path) {
        const std::lock_guard lock(mutex_);
        path_ = path;
    }
    /// Held while the document is written: this program's threads take turns, where another program's are
    /// told that it is being written.
    std::mutex& writing() { return writing_; }

  private:
    mutable std::mutex mutex_;
    std::mutex writing_;
    QString path_;
};

} // namespace planish
