// SPDX-License-Identifier: GPL-3.0-or-later
#include "plots/frontier_figure.h"

#include "plots/plot_theme.h"

#include <qcustomplot.h>

#include <QCoreApplication>
#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <ranges>
#include <set>

namespace planish {

namespace {

constexpr double pointSize = 8; ///< pixels

/// The texts of this file, under one heading for translators.
struct Text {
    Q_DECLARE_TR_FUNCTIONS(Frontier)
};

/// Decades on wide logarithmic axes; plain round numbers where a range covers little more than one decade.
class LogarithmicTicker final : public QCPAxisTickerLog {
  protected:
    double getTickStep(const QCPRange& range) override {
        return isWide(range) ? QCPAxisTickerLog::getTickStep(range) : QCPAxisTicker::getTickStep(range);
    }
    int getSubTickCount(double step) override {
        return step == 1.0 ? QCPAxisTickerLog::getSubTickCount(step) : QCPAxisTicker::getSubTickCount(step);
    }
    QVector<double> createTickVector(double step, const QCPRange& range) override {
        return isWide(range) ? QCPAxisTickerLog::createTickVector(step, range)
                             : QCPAxisTicker::createTickVector(step, range);
    }

  private:
    static bool isWide(const QCPRange& range) { return range.lower > 0 && range.upper / range.lower > 30; }
};

void setScale(QCPAxis& axis, bool logarithmic) {
    axis.setScaleType(logarithmic ? QCPAxis::stLogarithmic : QCPAxis::stLinear);
    axis.setTicker(logarithmic ? QSharedPointer<QCPAxisTicker>(new LogarithmicTicker)
                               : QSharedPointer<QCPAxisTicker>(new QCPAxisTicker));
    axis.setNumberFormat(QStringLiteral("gb"));
}

/// The range with some room on both ends.
QCPRange widened(double lower, double upper, bool logarithmic) {
    constexpr double room = 0.07;
    if (logarithmic) {
        const double margin = upper > lower ? std::pow(upper / lower, room) : 1.5;
        return {lower / margin, upper * margin};
    }
    const double margin = upper > lower ? (upper - lower) * room : std::max(std::abs(upper) * 0.2, 1e-3);
    return {lower - margin, upper + margin};
}

QCPScatterStyle pointStyle(std::size_t series, const QColor& color) {
    static constexpr std::array shapes = {QCPScatterStyle::ssCircle, QCPScatterStyle::ssSquare,
                                          QCPScatterStyle::ssDiamond, QCPScatterStyle::ssTriangle,
                                          QCPScatterStyle::ssTriangleInverted};
    return {shapes[series % shapes.size()], QPen(color.darker(115), 1), color, pointSize};
}

} // namespace

std::vector<ComparisonGroup> shownGroups(const FrontierContent& content) {
    std::vector<ComparisonGroup> groups = comparisonGroups(content.runs);
    if (!content.comparison.empty()) {
        std::erase_if(groups, [&](const ComparisonGroup& group) { return group.key != content.comparison; });
    }
    if (content.accepts) {
        for (ComparisonGroup& group : groups) {
            std::erase_if(group.runs, [&](std::size_t run) { return !content.accepts(content.runs[run]); });
        }
        std::erase_if(groups, [](const ComparisonGroup& group) { return group.runs.empty(); });
    }
    return groups;
}

FrontierFigure::FrontierFigure(QCustomPlot& plot)
    : plot_(plot), title_(new QCPTextElement(&plot)), emptyText_(new QCPItemText(&plot)), labels_(plot) {
    plot_.setAutoAddPlottableToLegend(false);
    plot_.addLayer(QStringLiteral("fronts"), plot_.layer(QStringLiteral("main")), QCustomPlot::limBelow);
    plot_.addLayer(QStringLiteral("marks"), plot_.layer(QStringLiteral("main")), QCustomPlot::limAbove);
    plot_.layer(QStringLiteral("marks"))->setMode(QCPLayer::lmBuffered);
    plot_.plotLayout()->insertRow(0);
    plot_.plotLayout()->addElement(0, 0, title_);
    plot_.plotLayout()->setRowSpacing(0);
    title_->setMargins(QMargins(0, 4, 0, 2));
    emptyText_->position->setType(QCPItemPosition::ptAxisRectRatio);
    emptyText_->position->setCoords(0.5, 0.5);
    emptyText_->setTextAlignment(Qt::AlignCenter);
    setPalette(plot_.palette());
}

QColor FrontierFigure::mutedColor(double opacity) const {
    return mutedText(palette_, opacity);
}

QColor FrontierFigure::color(std::size_t series) const {
    return seriesColor(series, palette_);
}

void FrontierFigure::setPalette(const QPalette& palette) {
    palette_ = palette;
    applyColors();
}

void FrontierFigure::applyColors() {
    applyPalette(plot_, palette_);
    const QFont font = plot_.font();
    QFont titleFont = font;
    titleFont.setBold(true);
    title_->setFont(titleFont);
    title_->setTextColor(textColor());
    emptyText_->setColor(mutedColor(0.75));
    emptyText_->setFont(font);
    labels_.setColor(textColor(), font);
}

void FrontierFigure::setUpAxes() {
    setScale(*plot_.xAxis, axes_.logarithmicSize);
    setScale(*plot_.yAxis, axes_.logarithmicLoss);
    plot_.xAxis->setLabel(axes_.size->label());
    plot_.yAxis->setLabel(axes_.loss->label());
}

QCPGraph& FrontierFigure::addGraph(const QString& layer) {
    QCPGraph& graph = *plot_.addGraph();
    graph.setLayer(layer);
    graph.setLineStyle(QCPGraph::lsNone);
    graph.setAdaptiveSampling(false);
    return graph;
}

void FrontierFigure::draw(const FrontierContent& content) {
    axes_ = content.axes;
    plot_.legend->clearItems();
    plot_.clearPlottables();
    setUpAxes();
    const std::vector<ComparisonGroup> groups = shownGroups(content);
    collectPoints(content, groups);
    drawFronts(content, groups);
    drawSeries(content, groups);
    writeTexts(content, groups);
    const QString marks = QStringLiteral("marks");
    selected_ = &addGraph(marks);
    selected_->setScatterStyle({QCPScatterStyle::ssCircle, QPen(textColor(), 2), Qt::NoBrush, pointSize + 7});
    hovered_ = &addGraph(marks);
    hovered_->setScatterStyle(
        {QCPScatterStyle::ssCircle, QPen(mutedColor(0.6), 1.5), Qt::NoBrush, pointSize + 7});
}

void FrontierFigure::collectPoints(const FrontierContent& content,
                                   const std::vector<ComparisonGroup>& groups) {
    points_.assign(content.runs.size(), std::nullopt);
    extent_ = {};
    bool first = true;
    const auto extend = [this, &first](double x, double y) {
        extent_ = first ? QRectF(x, y, 0, 0)
                        : QRectF(QPointF(std::min(extent_.left(), x), std::min(extent_.top(), y)),
                                 QPointF(std::max(extent_.right(), x), std::max(extent_.bottom(), y)));
        first = false;
    };
    std::set<std::size_t> front;
    for (const ComparisonGroup& group : groups) {
        const auto best = frontierOf(group, content.runs, axes_);
        front.insert(best.begin(), best.end());
    }
    std::vector<FrontierLabels::Label> names;
    for (const std::size_t i : groups | std::views::transform(&ComparisonGroup::runs) | std::views::join) {
        const RunRecord& run = content.runs[i];
        if (!axes_.canShow(run) || (content.frontOnly && !front.contains(i))) {
            continue;
        }
        if (content.names && front.contains(i)) {
            names.push_back(
                {QPointF(axes_.size->value(run), axes_.loss->value(run)), QString::fromStdString(run.name)});
        }
        const QPointF point(axes_.size->value(run), axes_.loss->value(run));
        points_[i] = point;
        extend(point.x(), point.y());
        if (const double error = axes_.loss->standardError(run); std::isfinite(error)) {
            extend(point.x(), point.y() + error);
            if (!axes_.logarithmicLoss || point.y() > error) {
                extend(point.x(), point.y() - error);
            }
        }
    }
    labels_.setLabels(std::move(names));
    for (const QPointF& point : content.visible) {
        const bool wide = std::isfinite(point.x()) && (point.x() > 0 || !axes_.logarithmicSize);
        const bool high = std::isfinite(point.y()) && (point.y() > 0 || !axes_.logarithmicLoss);
        if (!first) {
            extend(wide ? point.x() : extent_.left(), high ? point.y() : extent_.top());
        }
    }
}

void FrontierFigure::drawSeries(const FrontierContent& content, const std::vector<ComparisonGroup>& groups) {
    const std::vector<FrontierSeries> series = frontierSeries(groups, content.runs, content.colouring);
    for (std::size_t s = 0; s < series.size(); ++s) {
        QCPGraph& graph = addGraph(QStringLiteral("main"));
        graph.setName(series[s].title);
        graph.setScatterStyle(pointStyle(s, color(s)));
        // Error bars belong to points by index, so points without an error stay out of their graph.
        QCPGraph& centers = addGraph(QStringLiteral("fronts"));
        std::vector<std::pair<QPointF, double>> errors;
        for (const std::size_t i : series[s].runs) {
            if (!points_[i]) {
                continue;
            }
            graph.addData(points_[i]->x(), points_[i]->y());
            const double error = axes_.loss->standardError(content.runs[i]);
            if (std::isfinite(error)) {
                errors.emplace_back(*points_[i], error);
            }
        }
        std::ranges::stable_sort(errors, {}, [](const auto& entry) { return entry.first.x(); });
        auto* bars = new QCPErrorBars(plot_.xAxis, plot_.yAxis); // owned by the plot
        bars->setLayer(QStringLiteral("fronts"));
        bars->setDataPlottable(&centers);
        bars->setPen(QPen(color(s), 1.2));
        bars->setSymbolGap(pointSize);
        for (const auto& [center, error] : errors) {
            centers.addData(center.x(), center.y());
            bars->addData(error);
        }
        graph.addToLegend();
    }
    plot_.legend->setVisible(series.size() > 1);
}

void FrontierFigure::placeLegend() {
    const QRectF inside = plot_.axisRect()->rect();
    const QSizeF size = plot_.legend->minimumOuterSizeHint();
    const bool growsToTheRight = axes_.size->largerIsBetter;
    const Qt::Alignment worse = growsToTheRight ? Qt::AlignLeft : Qt::AlignRight;
    const Qt::Alignment better = growsToTheRight ? Qt::AlignRight : Qt::AlignLeft;
    // Where runs are worse in both there are few. Marks under the legend of each corner:
    Qt::Alignment best;
    std::size_t fewest = std::numeric_limits<std::size_t>::max();
    for (const Qt::Alignment corner :
         {worse | Qt::AlignTop, better | Qt::AlignTop, worse | Qt::AlignBottom, better | Qt::AlignBottom}) {
        QRectF covered(inside.topLeft(), size);
        if (corner.testFlag(Qt::AlignRight)) {
            covered.moveRight(inside.right());
        }
        if (corner.testFlag(Qt::AlignBottom)) {
            covered.moveBottom(inside.bottom());
        }
        std::size_t marks = 0;
        for (int i = 0; i < plot_.graphCount(); ++i) {
            const QCPGraph& graph = *plot_.graph(i);
            if (graph.scatterStyle().isNone()) {
                continue;
            }
            for (const QCPGraphData& point : *graph.data()) {
                marks += covered.contains(plot_.xAxis->coordToPixel(point.key),
                                          graph.valueAxis()->coordToPixel(point.value))
                             ? 1
                             : 0;
            }
        }
        if (marks < fewest) {
            fewest = marks;
            best = corner;
        }
    }
    plot_.axisRect()->insetLayout()->setInsetAlignment(0, best);
}

void FrontierFigure::drawFronts(const FrontierContent& content, const std::vector<ComparisonGroup>& groups) {
    for (std::size_t g = 0; g < groups.size(); ++g) {
        QCPGraph& line = addGraph(QStringLiteral("fronts"));
        // The line shows the best loss within a size: that of the next smaller run.
        line.setLineStyle(axes_.size->largerIsBetter ? QCPGraph::lsStepRight : QCPGraph::lsStepLeft);
        line.setPen(QPen(groups.size() > 1 ? color(g) : mutedColor(0.55), 1.5));
        for (const std::size_t i : frontierOf(groups[g], content.runs, axes_)) {
            line.addData(points_[i]->x(), points_[i]->y());
        }
    }
}

void FrontierFigure::writeTexts(const FrontierContent& content, const std::vector<ComparisonGroup>& groups) {
    QString title = groups.size() == 1 ? groups.front().title : QString();
    if (groups.size() > 1) {
        title = Text::tr("%1 settings that cannot be compared with each other").arg(groups.size());
    }
    std::size_t runs = 0;
    std::size_t hidden = 0;
    for (const ComparisonGroup& group : groups) {
        runs += group.runs.size();
        hidden += static_cast<std::size_t>(std::ranges::count_if(
            group.runs, [&](std::size_t i) { return !axes_.canShow(content.runs[i]); }));
    }
    if (hidden > 0) {
        title += Text::tr("  –  %1 at or below zero, not shown on a logarithmic axis").arg(hidden);
    }
    title_->setText(title);
    emptyText_->setText(runs == 0 ? content.emptyText
                                  : Text::tr("Nothing here is above zero: use a linear axis."));
    emptyText_->setVisible(hidden == runs);
}

void FrontierFigure::showAll() {
    if (std::ranges::all_of(points_, [](const auto& point) { return !point; })) {
        plot_.xAxis->setRange(axes_.logarithmicSize ? QCPRange(1, 32) : QCPRange(0, 16));
        plot_.yAxis->setRange(axes_.logarithmicLoss ? QCPRange(0.1, 100) : QCPRange(0, 10));
        return;
    }
    plot_.xAxis->setRange(widened(extent_.left(), extent_.right(), axes_.logarithmicSize));
    // Differences are read against zero, the unquantized model.
    const bool fromZero = !axes_.logarithmicLoss && axes_.loss->standardError != nullptr &&
                          axes_.loss != &quantity(lossQuantities(), QStringLiteral("ppl"));
    const double lower = fromZero ? std::min(0.0, extent_.top()) : extent_.top();
    plot_.yAxis->setRange(widened(lower, extent_.bottom(), axes_.logarithmicLoss));
}

void FrontierFigure::highlight(const std::vector<std::size_t>& selected, std::optional<std::size_t> hovered) {
    selected_->data()->clear();
    for (const std::size_t i : selected) {
        if (i < points_.size() && points_[i]) {
            selected_->addData(points_[i]->x(), points_[i]->y());
        }
    }
    hovered_->data()->clear();
    if (hovered && *hovered < points_.size() && points_[*hovered]) {
        hovered_->addData(points_[*hovered]->x(), points_[*hovered]->y());
    }
    plot_.layer(QStringLiteral("marks"))->replot();
}

std::optional<QPointF> FrontierFigure::pixelOf(std::size_t run) const {
    if (run >= points_.size() || !points_[run]) {
        return std::nullopt;
    }
    return QPointF(plot_.xAxis->coordToPixel(points_[run]->x()),
                   plot_.yAxis->coordToPixel(points_[run]->y()));
}

std::optional<std::size_t> FrontierFigure::runAt(const QPointF& pixel, double distance) const {
    std::optional<std::size_t> nearest;
    double best = distance * distance;
    for (std::size_t i = 0; i < points_.size(); ++i) {
        if (const std::optional<QPointF> at = pixelOf(i)) {
            const QPointF offset = *at - pixel;
            const double squared = QPointF::dotProduct(offset, offset);
            if (squared <= best) {
                best = squared;
                nearest = i;
            }
        }
    }
    return nearest;
}

std::vector<std::size_t> FrontierFigure::runsIn(const QRectF& pixels) const {
    std::vector<std::size_t> runs;
    for (std::size_t i = 0; i < points_.size(); ++i) {
        if (const std::optional<QPointF> at = pixelOf(i); at && pixels.contains(*at)) {
            runs.push_back(i);
        }
    }
    return runs;
}

} // namespace planish
