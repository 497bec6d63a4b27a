// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "experiment/run.h"
#include "export/export_plan.h"
#include "jobs/latest_task.h"

#include <QDialog>

class QCheckBox;
class QComboBox;
class QLabel;
class QLineEdit;
class QPushButton;

namespace planish {

/// Asks for kind of file and place of an export, and says how large it will be and what of it is exact before
/// anything is packed.
class ExportDialog final : public QDialog {
    Q_OBJECT
  public:
    /// `spec` names the model, and the recipe that packs it.
    explicit ExportDialog(const RunSpec& spec, QWidget* parent = nullptr);

    const RunSpec& spec() const { return spec_; }
    ExportSettings settings() const;

  private:
    void chooseFolder();
    /// Makes the plan of the present settings, beside the window's thread, and shows it.
    void updatePlan();
    void showPlan(const ExportPlan& plan);
    void updateButtons();

    RunSpec spec_;
    QComboBox* format_;
    QLabel* promise_;
    QComboBox* others_;
    QComboBox* floats_;
    QLineEdit* folder_;
    QCheckBox* overwrite_;
    QLabel* plan_;
    QPushButton* export_;
    bool possible_ = false; ///< the plan of the present settings is one
    LatestTask task_;
};

} // namespace planish
