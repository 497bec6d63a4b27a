// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "jobs/job_queue.h"

#include <QAbstractListModel>
#include <unordered_map>
#include <vector>

namespace planish {

/// The jobs of a queue as a list, in its order. Moving a row moves the job.
class JobListModel final : public QAbstractListModel {
    Q_OBJECT
  public:
    enum Role {
        idRole = Qt::UserRole,
        stateRole,   ///< int of JobState
        pausedRole,  ///< bool
        percentRole, ///< int 0…100, or -1 while unknown
        detailRole,  ///< second line: stage, time left, or why it failed
    };

    explicit JobListModel(JobQueue& queue, QObject* parent = nullptr);

    int rowCount(const QModelIndex& parent = {}) const override;
    QVariant data(const QModelIndex& index, int role = Qt::DisplayRole) const override;

    Qt::ItemFlags flags(const QModelIndex& index) const override;
    Qt::DropActions supportedDropActions() const override { return Qt::MoveAction; }
    /// Only one row at a time.
    bool moveRows(const QModelIndex& parent, int row, int count, const QModelIndex& newParent,
                  int before) override;

    const JobStatus& job(int row) const { return jobs_[static_cast<std::size_t>(row)]; }

  private:
    void add(const std::vector<JobStatus>& jobs);
    void change(const std::vector<JobStatus>& jobs);
    void remove(const std::vector<int>& ids);
    void reorder();
    void findRows();

    JobQueue& queue_;
    std::vector<JobStatus> jobs_;
    std::unordered_map<int, int> rows_; ///< by id
};

/// "queued", "running", …, for people.
QString jobStateName(JobState state);
/// "quantize · 3 s left", "finished in 4 s", "failed: …": what a job says about itself in one line.
QString jobDetail(const JobStatus& job);

} // namespace planish
