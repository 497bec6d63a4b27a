// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "models/run_collection.h"
#include "models/run_selection.h"
#include "plots/frontier_figure.h"

#include <qcustomplot.h>

namespace planish {

/// The frontier on the screen: hover tells about a run, a click selects it (Ctrl adds), a drag selects many;
/// the wheel zooms, Shift+drag or the pan mode moves, a double click shows everything.
class FrontierPlot final : public QCustomPlot {
    Q_OBJECT
  public:
    FrontierPlot(RunCollection& runs, RunSelection& selection, QWidget* parent = nullptr);

    const FrontierAxes& axes() const { return axes_; }
    void setAxes(const FrontierAxes& axes);
    /// Shows only the runs of this comparisonKey(); empty shows all.
    void setComparison(const std::string& key);
    /// Runs that are queued, of which only the sizes are known.
    void setExpected(std::vector<RunRecord> expected);
    void setPanning(bool panning) { panning_ = panning; }

    void showAll();
    /// The shown runs in a file of the kind its extension says.
    void exportTo(const QString& path) const;
    /// Where a run is drawn, in widget coordinates.
    std::optional<QPointF> pixelOf(const std::string& runId) const;

  protected:
    void mousePressEvent(QMouseEvent* event) override;
    void mouseMoveEvent(QMouseEvent* event) override;
    void mouseReleaseEvent(QMouseEvent* event) override;
    void mouseDoubleClickEvent(QMouseEvent* event) override;
    void wheelEvent(QWheelEvent* event) override;
    void leaveEvent(QEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;
    void changeEvent(QEvent* event) override;

  private:
    void redraw();
    void updateHighlight();
    void hover(const QPoint& position);
    void selectRuns(const std::vector<std::size_t>& indices, bool add);
    void selectNeighbour(int step);
    FrontierContent content() const;

    RunCollection& runs_;
    RunSelection& selection_;
    FrontierAxes axes_;
    std::string comparison_;
    std::vector<RunRecord> expected_;
    FrontierFigure figure_; ///< its indices are rows of runs_
    std::optional<std::size_t> hovered_;
    QPoint pressed_;
    bool panning_ = false;
    bool userView_ = false; ///< zoomed or moved by the user: new runs do not change the visible range
};

/// What a tooltip tells about a run, as HTML.
QString runToolTip(const RunRecord& run);

} // namespace planish
