// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "models/job_list_model.h"

#include <QWidget>

class QAction;
class QLabel;
class QListView;

namespace planish {

/// All jobs with their state, progress, time left and memory; pauses, moves, cancels, retries and removes the
/// selected ones, and shows the log of one.
class JobPanel final : public QWidget {
    Q_OBJECT
  public:
    explicit JobPanel(JobQueue& queue, QWidget* parent = nullptr);

    QListView* list() const { return list_; }
    /// Cancels the selected job, or the running one when none is selected.
    QAction* cancelAction() const { return cancel_; }
    /// For menus: pauses the selected jobs, or all when none is selected; resumes them when they are paused.
    QAction* pauseAction() const { return pauseInMenu_; }
    QAction* retryAction() const { return retry_; }
    QAction* logAction() const { return log_; }
    QAction* removeAction() const { return remove_; }

  protected:
    bool eventFilter(QObject* watched, QEvent* event) override;

  private:
    void makeActions();
    void makeMoves();
    void cancelSelected();
    void pauseOrResume();
    void shiftSelected(int direction);
    void showLog();
    /// The jobs that pausing is about.
    std::vector<JobStatus> pausable() const;
    void updateActions();
    /// Brings a job into view when it starts.
    void showRunning(const QModelIndex& index);
    std::vector<JobStatus> selectedStatuses() const;
    std::vector<int> selectedJobs() const;

    JobQueue& queue_;
    JobListModel* model_;
    QListView* list_;
    QLabel* empty_;
    QAction* pause_ = nullptr;
    QAction* pauseInMenu_ = nullptr;
    QAction* up_ = nullptr;
    QAction* down_ = nullptr;
    QAction* cancel_ = nullptr;
    QAction* retry_ = nullptr;
    QAction* log_ = nullptr;
    QAction* remove_ = nullptr;
    QAction* removeFinished_ = nullptr;
    int lastRunning_ = 0;
};

} // namespace planish
