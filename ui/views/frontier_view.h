// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "models/target_mix.h"
#include "plots/frontier_plot.h"

#include <QWidget>

class QAction;
class QComboBox;
class QLabel;
class QMenu;
class QSettings;
class QToolButton;

namespace planish {

class TargetBar;

/// The frontier plot with its controls: which runs, which axes, logarithmic or not, what is shown beside the
/// runs, pan, reset, export; the size one aims at below.
class FrontierView final : public QWidget {
    Q_OBJECT
  public:
    FrontierView(RunCollection& runs, RunSelection& selection, TargetMix& target, QWidget* parent = nullptr);

    FrontierPlot* plot() const { return plot_; }
    TargetBar* targetBar() const { return targetBar_; }
    /// Runs that are queued: their sizes, and their loss where it is predicted.
    void setExpected(std::vector<RunRecord> expected);
    /// Puts "export" entries behind the export button.
    void setExportMenu(QMenu* menu);
    void restore(const QSettings& settings);
    void save(QSettings& settings) const;

  private:
    QMenu* makeShowMenu();
    QAction* addShown(QMenu* menu, const QString& text, const QString& key, bool on);
    void updateOverlay();
    /// A loss of so many percent of the unquantized model's perplexity, in all quantities that follow from
    /// it.
    RunRecord ceilingAt(double deltaPercent) const;
    /// The first run of the comparison that is shown; null when all are, or none is there.
    const RunRecord* firstShown() const;
    void updateReadout();
    void showComparison();
    void updateOptions();
    QToolButton* addToggle(const QString& text, const QString& toolTip);
    void updateComparisons();
    void updateAxes();

    RunCollection& runs_;
    RunSelection& selection_;
    TargetMix& target_;
    std::vector<RunRecord> expected_;
    std::vector<ReferenceSeries> references_;
    FrontierPlot* plot_;
    TargetBar* targetBar_;
    QLabel* readout_;
    QAction* predicted_ = nullptr;
    QAction* dominated_ = nullptr;
    QAction* names_ = nullptr;
    QAction* knee_ = nullptr;
    QAction* byAge_ = nullptr;
    std::vector<QAction*> referenceActions_; ///< one a series
    QComboBox* comparison_;
    QComboBox* size_;
    QComboBox* loss_;
    QToolButton* logarithmicSize_;
    QToolButton* logarithmicLoss_;
    QToolButton* export_;
};

} // namespace planish
