// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "models/job_list_model.h"

#include <QWidget>

class QAction;
class QLabel;
class QListView;

namespace planish {

/// All jobs with their state, progress and time left; cancels, retries and removes the selected one.
class JobPanel final : public QWidget {
    Q_OBJECT
  public:
    explicit JobPanel(JobQueue& queue, QWidget* parent = nullptr);

    QListView* list() const { return list_; }
    /// Cancels the selected job, or the running one when none is selected.
    QAction* cancelAction() const { return cancel_; }
    QAction* retryAction() const { return retry_; }
    QAction* removeAction() const { return remove_; }

  protected:
    bool eventFilter(QObject* watched, QEvent* event) override;

  private:
    void makeActions();
    void cancelSelected();
    void updateActions();
    /// Brings a job into view when it starts.
    void showRunning(const QModelIndex& index);
    std::vector<int> selectedJobs() const;

    JobQueue& queue_;
    JobListModel* model_;
    QListView* list_;
    QLabel* empty_;
    QAction* cancel_;
    QAction* retry_;
    QAction* remove_;
    QAction* removeFinished_;
    int lastRunning_ = 0;
};

} // namespace planish
