// SPDX-License-Identifier: GPL-3.0-or-later
#include "models/job_list_model.h"

#include "support/text.h"

#include <QCoreApplication>
#include <algorithm>

namespace planish {

namespace {

/// The texts of this file, under one heading for translators.
struct Text {
    Q_DECLARE_TR_FUNCTIONS(JobListModel)
};

QString seconds(double value) {
    return QString::fromStdString(formatSeconds(value));
}

QString runningDetail(const JobStatus& job) {
    if (job.cancelling) {
        return Text::tr("stopping…");
    }
    QString detail = job.stage.isEmpty() ? Text::tr("starting") : job.stage;
    if (job.paused) {
        detail = job.held ? Text::tr("paused · %1").arg(detail) : Text::tr("pausing… · %1").arg(detail);
    } else if (job.secondsLeft) {
        detail = Text::tr("%1 left · %2").arg(seconds(*job.secondsLeft), detail);
    }
    return job.memoryBytes == 0
               ? detail
               : Text::tr("%1 · %2").arg(detail, QString::fromStdString(formatBytes(job.memoryBytes)));
}

} // namespace

QString jobStateName(JobState state) {
    switch (state) {
    case JobState::queued:
        return Text::tr("queued");
    case JobState::running:
        return Text::tr("running");
    case JobState::finished:
        return Text::tr("finished");
    case JobState::failed:
        return Text::tr("failed");
    case JobState::cancelled:
        return Text::tr("cancelled");
    }
    return {};
}

QString jobDetail(const JobStatus& job) {
    switch (job.state) {
    case JobState::running:
        return runningDetail(job);
    case JobState::finished:
        return Text::tr("finished in %1").arg(seconds(job.elapsedSeconds));
    case JobState::failed:
        return Text::tr("failed: %1").arg(job.error);
    case JobState::queued:
        return job.paused ? Text::tr("paused, others overtake it") : jobStateName(job.state);
    case JobState::cancelled:
        return jobStateName(job.state);
    }
    return {};
}

JobListModel::JobListModel(JobQueue& queue, QObject* parent)
    : QAbstractListModel(parent), queue_(queue), jobs_(queue.jobs()) {
    connect(&queue, &JobQueue::added, this, &JobListModel::add);
    connect(&queue, &JobQueue::changed, this, &JobListModel::change);
    connect(&queue, &JobQueue::moved, this, &JobListModel::move);
    connect(&queue, &JobQueue::removed, this, &JobListModel::remove);
}

int JobListModel::rowCount(const QModelIndex& parent) const {
    return parent.isValid() ? 0 : static_cast<int>(jobs_.size());
}

QVariant JobListModel::data(const QModelIndex& index, int role) const {
    if (!checkIndex(index, CheckIndexOption::IndexIsValid | CheckIndexOption::ParentIsInvalid)) {
        return {};
    }
    const JobStatus& status = job(index.row());
    switch (role) {
    case Qt::DisplayRole:
        return status.title;
    case Qt::ToolTipRole:
        return QStringLiteral("%1\n%2").arg(status.title, jobDetail(status));
    case Qt::AccessibleTextRole:
        return QStringLiteral("%1, %2").arg(status.title, jobDetail(status));
    case idRole:
        return status.id;
    case stateRole:
        return static_cast<int>(status.state);
    case pausedRole:
        return status.paused;
    case percentRole:
        return status.fraction < 0 ? -1 : static_cast<int>(status.fraction * 100);
    case detailRole:
        return jobDetail(status);
    default:
        return {};
    }
}

Qt::ItemFlags JobListModel::flags(const QModelIndex& index) const {
    if (!index.isValid()) {
        return Qt::ItemIsDropEnabled; // between the rows
    }
    const Qt::ItemFlags flags = QAbstractListModel::flags(index) | Qt::ItemNeverHasChildren;
    return job(index.row()).state == JobState::queued ? flags | Qt::ItemIsDragEnabled : flags;
}

bool JobListModel::moveRows(const QModelIndex& parent, int row, int count, const QModelIndex& newParent,
                            int before) {
    const bool inside = row >= 0 && row < rowCount() && before >= 0 && before <= rowCount();
    if (parent.isValid() || newParent.isValid() || count != 1 || !inside || before == row ||
        before == row + 1) {
        return false;
    }
    queue_.move(job(row).id, before > row ? before - 1 : before);
    return true;
}

void JobListModel::move(int from, int to) {
    beginMoveRows({}, from, from, {}, to > from ? to + 1 : to);
    const JobStatus moved = job(from);
    jobs_.erase(jobs_.begin() + from);
    jobs_.insert(jobs_.begin() + to, moved);
    endMoveRows();
}

int JobListModel::rowOf(int id) const {
    const auto found = std::ranges::find(jobs_, id, &JobStatus::id);
    return found == jobs_.end() ? -1 : static_cast<int>(found - jobs_.begin());
}

void JobListModel::add(const JobStatus& job) {
    const int row = rowCount();
    beginInsertRows({}, row, row);
    jobs_.push_back(job);
    endInsertRows();
}

void JobListModel::change(const JobStatus& job) {
    if (const int row = rowOf(job.id); row >= 0) {
        jobs_[static_cast<std::size_t>(row)] = job;
        emit dataChanged(index(row), index(row));
    }
}

void JobListModel::remove(int id) {
    if (const int row = rowOf(id); row >= 0) {
        beginRemoveRows({}, row, row);
        jobs_.erase(jobs_.begin() + row);
        endRemoveRows();
    }
}

} // namespace planish
