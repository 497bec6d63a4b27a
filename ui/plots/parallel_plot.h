// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "models/run_brushes.h"
#include "models/run_collection.h"
#include "models/run_selection.h"
#include "plots/themed_plot.h"

#include <optional>
#include <vector>

namespace planish {

/// Parallel coordinates: an axis a quantity, a line a run. A drag along an axis keeps the runs inside, in all
/// views; a click on it lets all in again; a click on a line selects the run. By keyboard: left and right
/// choose an axis, up and down move its interval, with Shift they narrow and widen it, Delete removes it.
class ParallelPlot final : public ThemedPlot {
    Q_OBJECT
  public:
    ParallelPlot(RunCollection& runs, RunSelection& selection, RunBrushes& brushes,
                 QWidget* parent = nullptr);

    /// Where an axis has a value, in widget coordinates.
    QPointF pixelOf(std::size_t quantity, double value) const;

  protected:
    void recolor() override;
    void resizeEvent(QResizeEvent* event) override;
    void mousePressEvent(QMouseEvent* event) override;
    void mouseMoveEvent(QMouseEvent* event) override;
    void mouseReleaseEvent(QMouseEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;

  private:
    void rebuild();
    void draw();
    void placeAxes();
    void placeTitles();
    void updateBrushes();
    double position(std::size_t quantity, double value) const;
    double valueAt(std::size_t quantity, double position) const;
    std::optional<std::size_t> axisAt(const QPoint& pixel) const;
    int runAt(const QPointF& pixel) const;
    void moveBrush(double lower, double upper);

    RunCollection& runs_;
    RunSelection& selection_;
    RunBrushes& brushes_;
    std::vector<QCPAxis*> axes_;
    std::vector<QCPItemText*> titles_;
    std::vector<QCPItemRect*> marks_; ///< the intervals
    QCPCurve* hidden_ = nullptr;
    QCPCurve* shown_ = nullptr;
    QCPCurve* selected_ = nullptr;
    std::size_t focused_ = 0;          ///< axis of the keyboard
    std::optional<std::size_t> drawn_; ///< axis an interval is being drawn on
    QPoint pressed_;
};

} // namespace planish
