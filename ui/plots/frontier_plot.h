// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "models/run_brushes.h"
#include "models/run_collection.h"
#include "models/run_selection.h"
#include "plots/frontier_figure.h"
#include "plots/frontier_overlay.h"

#include <qcustomplot.h>

#include <functional>

namespace planish {

/// What of the runs is shown, and how.
struct FrontierOptions {
    Colouring colouring = Colouring::family;
    bool frontOnly = false;
    bool names = false;
    bool knee = true;
};

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
    /// What is drawn over the runs.
    void setOverlay(OverlayContent overlay);
    void setOptions(const FrontierOptions& options);
    /// The sizes a model of so many bits per weight has, for dragging the target.
    void setSizes(std::function<RunRecord(double bitsPerWeight)> sizes) { sizes_ = std::move(sizes); }
    /// Shows only runs that pass; `brushes` must outlive this.
    void setBrushes(const RunBrushes& brushes);
    void setPanning(bool panning) { panning_ = panning; }

    void showAll();
    /// Writes the shown runs into a file of a format, "png", "svg", "pdf" or "csv"; on any thread.
    std::function<void(const QString& path)> writer(const QString& format) const;
    /// Where a run is drawn, in widget coordinates.
    std::optional<QPointF> pixelOf(const std::string& runId) const;

    /// What is on the frontier, in words: its knee and how much it dominates; empty for few runs.
    QString readout() const;

  signals:
    /// The target's line is being dragged.
    void targetDragged(double bitsPerWeight);
    void redrawn();

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
    /// The row of the run at the bend of the frontier, when one group of runs is shown that has one.
    std::optional<std::size_t> knee() const;
    void dragTarget(const QPoint& position);

    RunCollection& runs_;
    RunSelection& selection_;
    FrontierAxes axes_;
    std::string comparison_;
    FrontierOptions options_;
    OverlayContent overlayContent_;
    std::function<RunRecord(double)> sizes_;
    const RunBrushes* brushes_ = nullptr;
    FrontierFigure figure_; ///< its indices are rows of runs_
    FrontierOverlay overlay_;
    bool dragging_ = false; ///< the target
    std::optional<std::size_t> hovered_;
    QString hoverText_;
    QPoint pressed_;
    bool panning_ = false;
    bool userView_ = false; ///< zoomed or moved by the user: new runs do not change the visible range
};

/// What a tooltip tells about a run, as HTML.
QString runToolTip(const RunRecord& run);

} // namespace planish
