// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "experiment/references.h"
#include "plots/frontier_axes.h"

#include <QPalette>
#include <QPointF>
#include <optional>
#include <vector>

class QCustomPlot;
class QCPAxis;
class QCPAbstractPlottable;
class QCPAbstractItem;
class QCPGraph;
class QCPItemRect;
class QCPItemStraightLine;

namespace planish {

/// What lies over the runs of a frontier: figures of others, and what is predicted.
struct OverlayContent {
    std::vector<ReferenceSeries> references;
    std::vector<RunRecord> predictedFrontier; ///< by size
    std::vector<RunRecord> expected;          ///< queued runs; their loss is NaN when it is not predicted
    std::optional<RunRecord> target;          ///< of which only the size matters
    std::optional<RunRecord> mix;             ///< predicted for the target
    std::optional<RunRecord> ceiling;         ///< of which only the loss matters, NaN where it is not known
    std::optional<RunRecord> knee;            ///< the recorded run at the bend of the frontier
};

/// Draws it into a plot that shows a frontier: references as open marks with a name each, the predicted
/// frontier dashed, expected runs hollow where they are predicted, the target as a line with the sizes beyond
/// it shaded, the ceiling of the loss likewise, a word at the knee.
class FrontierOverlay {
  public:
    /// `plot` must outlive this, and have the layers "fronts" and "marks".
    explicit FrontierOverlay(QCustomPlot& plot) : plot_(plot) {}

    /// `content` must stay valid until the next draw() or clear().
    void draw(const OverlayContent& content, const FrontierAxes& axes, const QPalette& palette);
    /// Removes what was drawn, as before the runs are drawn anew.
    void clear();

    /// The target's line, if there is one within reach of a pixel.
    bool isTargetAt(const QPointF& pixel) const;
    /// What a tooltip tells about a reference or predicted mark near a pixel; empty when there is none.
    QString toolTipAt(const QPointF& pixel) const;

  private:
    struct Mark {
        QPointF at;           ///< axis units
        const RunRecord* run; ///< of the content
        QString title;
        QString note;
        const QCPAxis* vertical = nullptr; ///< of `at`, where it is not that of the losses
    };
    void drawReferences(const OverlayContent& content);
    void drawPredictions(const OverlayContent& content);
    void drawExpected(const OverlayContent& content);
    void drawTarget(const OverlayContent& content);
    void drawCeiling(const RunRecord& ceiling);
    void drawKnee(const RunRecord& knee);
    /// A rectangle behind everything, whose corners are still to be set.
    QCPItemRect& addShade();
    QCPItemStraightLine& addLine();
    std::optional<QPointF> pointOf(const RunRecord& run) const;
    QCPGraph& addGraph(const QString& layer, const QString& name);
    QColor textColor(double opacity) const;

    QCustomPlot& plot_;
    FrontierAxes axes_;
    QPalette palette_;
    std::vector<QCPAbstractPlottable*> plottables_; ///< owned by the plot
    std::vector<QCPAbstractItem*> items_;           ///< owned by the plot
    std::vector<Mark> marks_;
    std::optional<double> targetAt_; ///< axis units
};

} // namespace planish
