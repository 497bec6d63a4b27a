// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "plots/frontier_labels.h"
#include "plots/frontier_series.h"

#include <QPalette>
#include <QPointF>
#include <QRectF>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

class QCustomPlot;
class QCPGraph;
class QCPItemText;
class QCPTextElement;

namespace planish {

/// What a frontier figure shows.
struct FrontierContent {
    std::span<const RunRecord> runs; ///< must stay valid only during FrontierFigure::draw()
    FrontierAxes axes;
    std::function<bool(const RunRecord&)> accepts; ///< which runs are shown; null: all
    std::string comparison;                        ///< only the runs of this comparisonKey(); empty: all
    Colouring colouring = Colouring::family;
    bool frontOnly = false;       ///< without runs that another one dominates
    bool names = false;           ///< of the runs on the frontier, where there is room
    std::vector<QPointF> visible; ///< axis units, to be in view too; NaN: where the runs are
    QString emptyText;            ///< shown when there is nothing to show
};

/// The groups of the content that are shown.
std::vector<ComparisonGroup> shownGroups(const FrontierContent& content);

/// Draws a frontier into a QCustomPlot: runs as points with error bars, coloured by series, and one Pareto
/// step line a comparison group. The same figure on the screen and in files; nothing here is interactive,
/// but it tells where its points are.
class FrontierFigure {
  public:
    /// `plot` must outlive this.
    explicit FrontierFigure(QCustomPlot& plot);

    /// Colours of text, axes and background follow the palette.
    void setPalette(const QPalette& palette);
    /// Replaces what is shown, keeping the visible range.
    void draw(const FrontierContent& content);
    /// Makes all points visible with some room around them.
    void showAll();
    /// Puts the legend into the corner where it covers fewest marks, those of others on the plot included.
    void placeLegend();
    /// Rings around these runs (indices into the drawn runs).
    void highlight(const std::vector<std::size_t>& selected, std::optional<std::size_t> hovered);

    /// The nearest run within `distance` device-independent pixels.
    std::optional<std::size_t> runAt(const QPointF& pixel, double distance = 9) const;
    std::vector<std::size_t> runsIn(const QRectF& pixels) const;
    /// Where a run is drawn; nothing when the axes cannot show it.
    std::optional<QPointF> pixelOf(std::size_t run) const;

  private:
    void setUpAxes();
    void collectPoints(const FrontierContent& content, const std::vector<ComparisonGroup>& groups);
    void drawSeries(const FrontierContent& content, const std::vector<ComparisonGroup>& groups);
    void drawFronts(const FrontierContent& content, const std::vector<ComparisonGroup>& groups);
    void writeTexts(const FrontierContent& content, const std::vector<ComparisonGroup>& groups);
    void applyColors();
    /// A graph of points or lines on the given layer, without a legend entry.
    QCPGraph& addGraph(const QString& layer);
    QColor color(std::size_t series) const;
    QColor textColor() const { return palette_.color(QPalette::Text); }
    QColor mutedColor(double opacity) const;

    QCustomPlot& plot_; ///< owns everything the pointers below point to
    QPalette palette_;
    FrontierAxes axes_;
    std::vector<std::optional<QPointF>> points_; ///< in axis units, one a run
    QRectF extent_;                              ///< of points and error bars, in axis units
    QCPTextElement* title_;
    QCPItemText* emptyText_;
    QCPGraph* selected_ = nullptr;
    QCPGraph* hovered_ = nullptr;
    FrontierLabels labels_;
};

/// The figure of these runs as a file: .png, .svg or .pdf by the extension, in the light theme, written whole
/// or not at all. Throws InputError for another extension, Error when the file cannot be written. Works
/// without a window and without a QApplication (an offscreen one is made for the time of the call).
void writeFrontierFigure(const std::vector<RunRecord>& runs, const QString& path);

} // namespace planish
