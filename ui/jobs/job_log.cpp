// SPDX-License-Identifier: GPL-3.0-or-later
#include "jobs/job_log.h"

#include <QDateTime>
#include <QDir>
#include <QStandardPaths>

namespace planish {

namespace {
constexpr int mostLines = 5000;
} // namespace

JobLog::JobLog(const QString& file) : file_(file) {}

void JobLog::append(const QString& line, bool always) {
    const std::lock_guard lock(mutex_);
    if (!always && (line == last_ || lines_.size() >= mostLines)) {
        return;
    }
    last_ = line;
    lines_.append(QTime::currentTime().toString(QStringLiteral("HH:mm:ss.zzz  ")) + line);
    if (file_.fileName().isEmpty()) {
        return;
    }
    QDir().mkpath(QFileInfo(file_).absolutePath());
    if (!file_.open(QIODevice::Append | QIODevice::Text)) {
        file_.setFileName({});
        return;
    }
    file_.write(lines_.constLast().toUtf8() + '\n');
    file_.close(); // thousands of jobs may be queued, each with a log
}

QString JobLog::text() const {
    const std::lock_guard lock(mutex_);
    return lines_.join(QLatin1Char('\n'));
}

int JobLog::lineCount() const {
    const std::lock_guard lock(mutex_);
    return static_cast<int>(lines_.size());
}

QString jobLogFolder() {
    return QStandardPaths::writableLocation(QStandardPaths::AppDataLocation) + QStringLiteral("/logs");
}

QString newJobLogName(int job) {
    return QDateTime::currentDateTime().toString(QStringLiteral("yyyyMMdd-HHmmss-zzz")) +
           QStringLiteral("-%1.log").arg(job);
}

void pruneJobLogs(const QString& folder, int keep) {
    const QStringList logs =
        QDir(folder).entryList({QStringLiteral("*.log")}, QDir::Files, QDir::Name | QDir::Reversed);
    for (const QString& old : logs.mid(keep)) {
        QFile::remove(folder + QLatin1Char('/') + old);
    }
}

} // namespace planish
