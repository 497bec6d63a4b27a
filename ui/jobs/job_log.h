// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QFile>
#include <QString>
#include <QStringList>
#include <mutex>

namespace planish {

/// What happened to one job, line by line with the time of day: kept in memory for the window and, when it
/// has a file, written there at once, so that it can still be read after a crash. Thread-safe.
class JobLog {
  public:
    /// Writes what there is and what follows into `file` too. One that cannot be written is done without.
    void keepIn(const QString& file);

    /// Repeated lines are left out, as are all after the first 5,000, unless they are `always` wanted, as how
    /// a job ended: a log is for people to read.
    void append(const QString& line, bool always = false);
    QString text() const;
    int lineCount() const;
    QString fileName() const; ///< empty without a file

  private:
    void write(const QString& text, QIODevice::OpenMode more);

    mutable std::mutex mutex_; ///< guards all below
    QFile file_;
    QString last_;
    QStringList lines_;
};

/// The folder of log files below the user's application data.
QString jobLogFolder();

/// A name for the log of a job that starts now, "20240131-120000-123-4.log".
QString newJobLogName(int job);

/// Removes all but the newest `keep` log files of a folder.
void pruneJobLogs(const QString& folder, int keep);

} // namespace planish
