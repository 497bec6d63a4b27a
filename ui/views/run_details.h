// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "models/run_selection.h"
#include "models/run_table_model.h"

#include <QWidget>

class QLabel;
class QLineEdit;
class QPlainTextEdit;
class QTabWidget;
class QTreeWidget;

namespace planish {

class LossPlot;
class NoticeBar;
class TensorResultModel;

/// The one selected run in full, read-only: its warnings, every scalar with its unit, its tensors, its
/// recipe, its training and the command that repeats it.
class RunDetails final : public QWidget {
    Q_OBJECT
  public:
    RunDetails(RunCollection& runs, RunSelection& selection, QWidget* parent = nullptr);

  private:
    void buildTabs();
    void update();
    void showRun(int row);

    RunCollection& runs_;
    RunSelection& selection_;
    RunTableModel* fields_; ///< words the scalars as the table does
    TensorResultModel* tensors_;
    QLabel* title_;
    NoticeBar* warnings_;
    QTabWidget* tabs_;
    QTreeWidget* values_ = nullptr;
    QPlainTextEdit* recipe_ = nullptr;
    LossPlot* training_ = nullptr;
    QLineEdit* command_ = nullptr;
    QWidget* commandLine_ = nullptr;
};

} // namespace planish
