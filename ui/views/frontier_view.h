// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "plots/frontier_plot.h"

#include <QWidget>

class QComboBox;
class QMenu;
class QSettings;
class QToolButton;

namespace planish {

/// The frontier plot with its controls: which runs, which axes, logarithmic or not, pan, reset, export.
class FrontierView final : public QWidget {
    Q_OBJECT
  public:
    FrontierView(RunCollection& runs, RunSelection& selection, QWidget* parent = nullptr);

    FrontierPlot* plot() const { return plot_; }
    /// Puts "export" entries behind the export button.
    void setExportMenu(QMenu* menu);
    void restore(const QSettings& settings);
    void save(QSettings& settings) const;

  private:
    QToolButton* addToggle(const QString& text, const QString& toolTip);
    void updateComparisons();
    void updateAxes();

    RunCollection& runs_;
    FrontierPlot* plot_;
    QComboBox* comparison_;
    QComboBox* size_;
    QComboBox* loss_;
    QToolButton* logarithmicSize_;
    QToolButton* logarithmicLoss_;
    QToolButton* export_;
};

} // namespace planish
