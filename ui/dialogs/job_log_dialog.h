// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "jobs/job_queue.h"

#include <QDialog>

class QLabel;
class QPlainTextEdit;

namespace planish {

/// The log of one job, growing while it runs.
class JobLogDialog final : public QDialog {
    Q_OBJECT
  public:
    /// `queue` must outlive this.
    JobLogDialog(JobQueue& queue, int job, QWidget* parent = nullptr);

    QString text() const;

  private:
    void update();

    JobQueue& queue_;
    int job_;
    int shownLines_ = -1;
    QPlainTextEdit* lines_;
    QLabel* file_;
};

} // namespace planish
