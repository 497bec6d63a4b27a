// SPDX-License-Identifier: GPL-3.0-or-later
#include "models/job_list_model.h"

#include "support/text.h"

#include <QCoreApplication>
#include <algorithm>
#include <unordered_set>

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
    connect(&queue, &JobQueue::reordered, this, &JobListModel::reorder);
    connect(&queue, &JobQueue::removed, this, &JobListModel::remove);
    findRows();
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

void JobListModel::findRows() {
    rows_.clear();
    for (int row = 0; row < rowCount(); ++row) {
        rows_[job(row).id] = row;
    }
}

void JobListModel::reorder() {
    emit layoutAboutToBeChanged();
    const QModelIndexList before = persistentIndexList();
    std::vector<int> ids;
    for (const QModelIndex& index : before) {
        ids.push_back(job(index.row()).id);
    }
    jobs_ = queue_.jobs();
    findRows();
    QModelIndexList after;
    for (const int id : ids) {
        after.append(index(rows_.at(id)));
    }
    changePersistentIndexList(before, after);
    emit layoutChanged();
}

void JobListModel::add(const std::vector<JobStatus>& jobs) {
    if (jobs.empty()) {
        return;
    }
    const int first = rowCount();
    beginInsertRows({}, first, first + static_cast<int>(jobs.size()) - 1);
    jobs_.insert(jobs_.end(), jobs.begin(), jobs.end());
    for (int row = first; row < rowCount(); ++row) {
        rows_[job(row).id] = row;
    }
    endInsertRows();
}

void JobListModel::change(const std::vector<JobStatus>& jobs) {
    int first = rowCount();
    int last = -1;
    for (const JobStatus& job : jobs) {
        if (const auto found = rows_.find(job.id); found != rows_.end()) {
            jobs_[static_cast<std::size_t>(found->second)] = job;
            first = std::min(first, found->second);
            last = std::max(last, found->second);
        }
    }
    if (last >= 0) {
        emit dataChanged(index(first), index(last));
    }
}

void JobListModel::remove(const std::vector<int>& ids) {
    const std::unordered_set<int> gone(ids.begin(), ids.end());
    for (int end = rowCount(); end > 0;) {
        int begin = end;
        while (begin > 0 && gone.contains(job(begin - 1).id)) {
            --begin;
        }
        if (begin < end) { // neighbours go together
            beginRemoveRows({}, begin, end - 1);
            jobs_.erase(jobs_.begin() + begin, jobs_.begin() + end);
            endRemoveRows();
        }
        end = begin - 1;
    }
    findRows();
}

} // namespace planish
