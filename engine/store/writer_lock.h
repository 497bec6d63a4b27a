// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>

namespace planish {

/// The right to write a document: an exclusive flock on "<document>.lock", which tells who holds it. The
/// kernel drops the lock when the process ends, however it ends.
class WriterLock {
  public:
    /// Throws Error naming the holder when there is one, and when the file cannot be made.
    explicit WriterLock(const std::filesystem::path& document);
    /// Removes the file.
    ~WriterLock();
    WriterLock(const WriterLock&) = delete;
    WriterLock& operator=(const WriterLock&) = delete;

  private:
    std::filesystem::path path_;
    int descriptor_ = -1;
};

} // namespace planish
