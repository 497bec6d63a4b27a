// SPDX-License-Identifier: GPL-3.0-or-later
#include "jobs/job_log.h"

#include <QDateTime>
#include <QDir>
#include <QStandardPaths>

namespace planish {

namespace {
constexpr int mostLines = 5000;
} // namespace

void JobLog::keepIn(const QString& file) {
    const std::lock_guard lock(mutex_);
    QDir().mkpath(QFileInfo(file).absolutePath());
    file_.setFileName(file);
    write(lines_.join(QLatin1Char('\n')), QIODevice::NotOpen);
}

void JobLog::append(const QString& line, bool always) {
    const std::lock_guard lock(mutex_);
    if (!always && (line == last_ || lines_.size() >= mostLines)) {
        return;
    }
    last_ = line;
    lines_.append(QTime::currentTime().toString(Qt::ISODateWithMs) + QStringLiteral("  ") + line);
    write(lines_.constLast(), QIODevice::ExistingOnly); // it may have been pruned since
}

void JobLog::write(const QString& text, QIODevice::OpenMode more) {
    if (file_.fileName().isEmpty()) {
        return;
    }
    if (!file_.open(QIODevice::Append | QIODevice::Text | more)) {
        file_.setFileName({});
        return;
    }
    file_.write(text.toUtf8() + '\n');
    file_.close(); // a log is kept as long as its job is in the list
}

QString JobLog::fileName() const {
    const std::lock_guard lock(mutex_);
    return file_.fileName();
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
