// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "jobs/tensor_inspector.h"

#include <QWidget>

class QLabel;
class QProgressBar;
class QPushButton;
class QTabWidget;
class QTableView;

namespace planish {

class CodecCostModel;
class CodecCostPlot;
class ErrorMapPlot;
class InputPlot;
class NoticeBar;
class WeightHistogram;

/// One tensor in full: its values as they are and as stored, where the errors are, what each codec would
/// cost, and what it reads.
class TensorPage final : public QWidget {
    Q_OBJECT
  public:
    explicit TensorPage(TensorInspector& inspector, QWidget* parent = nullptr);

    QTabWidget* tabs() const { return tabs_; }
    WeightHistogram* histogram() const { return histogram_; }
    CodecCostPlot* costPlot() const { return costPlot_; }
    QTableView* costTable() const { return costTable_; }
    QPushButton* collectButton() const { return collect_; }
    InputPlot* inputPlot() const { return inputPlot_; }
    QLabel* summary() const { return summary_; }

  signals:
    /// What has been done, in words for the status line.
    void statusMessage(const QString& text);

  private:
    QWidget* buildValues();
    QWidget* buildCodecs();
    QWidget* buildInputs();
    void showTensor();
    void showInspection();
    void showCosts();
    void showInputs();
    void apply(const QString& codec);

    TensorInspector& inspector_;
    CodecCostModel* costs_;
    QLabel* title_;
    QLabel* summary_;
    NoticeBar* problem_;
    QTabWidget* tabs_;
    WeightHistogram* histogram_ = nullptr;
    QLabel* levels_ = nullptr;
    ErrorMapPlot* errorMap_ = nullptr;
    CodecCostPlot* costPlot_ = nullptr;
    QTableView* costTable_ = nullptr;
    QLabel* costNote_ = nullptr;
    QProgressBar* measuring_ = nullptr;
    QLabel* inputNote_ = nullptr;
    InputPlot* inputPlot_ = nullptr;
    QPushButton* collect_ = nullptr;
};

} // namespace planish
