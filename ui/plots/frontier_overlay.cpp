// SPDX-License-Identifier: GPL-3.0-or-later
#include "plots/frontier_overlay.h"

#include <qcustomplot.h>

#include <QCoreApplication>
#include <QLocale>
#include <algorithm>
#include <array>
#include <cmath>

namespace planish {
namespace {

/// The texts of this file, under one heading for translators.
struct Text {
    Q_DECLARE_TR_FUNCTIONS(Frontier)
};

QString describe(const RunRecord& run, const QString& title, const QString& note) {
    const QLocale locale;
    QString text = QStringLiteral("<b>%1</b><br>").arg(title.toHtmlEscaped());
    text += Text::tr("%1 bits per weight, %2×")
                .arg(locale.toString(run.bitsPerWeight, 'f', 3), locale.toString(run.compression, 'f', 2));
    if (std::isfinite(run.deltaPplPercent)) {
        text +=
            QStringLiteral("<br>") + Text::tr("ΔPPL %1 %").arg(locale.toString(run.deltaPplPercent, 'f', 2));
    }
    if (std::isfinite(run.kldMean)) {
        text += QStringLiteral("<br>") +
                Text::tr("KL divergence %1 nats").arg(locale.toString(run.kldMean, 'f', 4));
    }
    return text + QStringLiteral("<br><i>%1</i>").arg(note.toHtmlEscaped());
}

} // namespace

QColor FrontierOverlay::textColor(double opacity) const {
    QColor color = palette_.color(QPalette::Text);
    color.setAlphaF(static_cast<float>(opacity));
    return color;
}

void FrontierOverlay::clear() {
    for (QCPAbstractPlottable* plottable : plottables_) {
        plot_.removePlottable(plottable);
    }
    for (QCPAbstractItem* item : items_) {
        plot_.removeItem(item);
    }
    plottables_.clear();
    items_.clear();
    marks_.clear();
    targetAt_.reset();
}

void FrontierOverlay::draw(const OverlayContent& content, const FrontierAxes& axes, const QPalette& palette) {
    clear();
    axes_ = axes;
    palette_ = palette;
    drawReferences(content);
    drawPredictions(content);
    drawTarget(content);
    if (content.ceiling) {
        drawCeiling(*content.ceiling);
    }
    if (content.knee) {
        drawKnee(*content.knee);
    }
    plot_.legend->setVisible(plot_.legend->itemCount() > 1);
}

std::optional<QPointF> FrontierOverlay::pointOf(const RunRecord& run) const {
    return axes_.canShow(run) ? std::optional(QPointF(axes_.size->value(run), axes_.loss->value(run)))
                              : std::nullopt;
}

QCPGraph& FrontierOverlay::addGraph(const QString& layer, const QString& name) {
    QCPGraph& graph = *plot_.addGraph();
    graph.setLayer(layer);
    graph.setLineStyle(QCPGraph::lsNone);
    graph.setAdaptiveSampling(false);
    if (!name.isEmpty()) {
        graph.setName(name);
        graph.addToLegend();
    }
    plottables_.push_back(&graph);
    return graph;
}

void FrontierOverlay::drawReferences(const OverlayContent& content) {
    static constexpr std::array shapes = {QCPScatterStyle::ssTriangle, QCPScatterStyle::ssTriangleInverted,
                                          QCPScatterStyle::ssCross, QCPScatterStyle::ssPlus};
    for (std::size_t s = 0; s < content.references.size(); ++s) {
        const ReferenceSeries& series = content.references[s];
        const QString title = QString::fromStdString(series.title);
        QCPGraph& graph = addGraph(QStringLiteral("fronts"), title);
        graph.setScatterStyle({shapes[s % shapes.size()], QPen(textColor(0.65), 1.3), Qt::NoBrush, 8});
        for (const ReferencePoint& point : series.points) {
            if (const auto at = pointOf(point.values)) {
                graph.addData(at->x(), at->y());
                marks_.push_back({*at, &point.values, title + ' ' + QString::fromStdString(point.name),
                                  QString::fromStdString(series.source)});
            }
        }
    }
}

void FrontierOverlay::drawPredictions(const OverlayContent& content) {
    QCPGraph* line = nullptr;
    for (const RunRecord& point : content.predictedFrontier) {
        if (const auto at = pointOf(point)) {
            if (line == nullptr) {
                line = &addGraph(QStringLiteral("fronts"), Text::tr("Predicted mixes"));
                line->setLineStyle(QCPGraph::lsLine);
                line->setPen(QPen(textColor(0.6), 1.5, Qt::DashLine));
            }
            line->addData(at->x(), at->y());
        }
    }
    if (!content.expected.empty()) {
        drawExpected(content);
    }
}

void FrontierOverlay::drawExpected(const OverlayContent& content) {
    constexpr std::size_t mostSmoothMarks = 200; // thousands would take long to draw
    const bool many = content.expected.size() > mostSmoothMarks;
    const QCPScatterStyle hollow(many ? QCPScatterStyle::ssSquare : QCPScatterStyle::ssCircle,
                                 QPen(textColor(many ? 1 : 0.7), many ? 0 : 1.5), Qt::NoBrush, many ? 5 : 9);
    QCPGraph& predicted = addGraph(QStringLiteral("fronts"), QString());
    // Where only the size is known they stand near the bottom, whatever range is in view: over an axis of
    // their own.
    QCPGraph& sizes = addGraph(QStringLiteral("fronts"), QString());
    sizes.setValueAxis(plot_.yAxis2);
    plot_.yAxis2->setRange(0, 1);
    constexpr double nearBottom = 0.02;
    QVector<QCPGraphData> predictedData;
    QVector<QCPGraphData> sizeData;
    for (const RunRecord& run : content.expected) {
        const double size = axes_.size->value(run);
        if (const auto at = pointOf(run)) {
            predictedData.append({at->x(), at->y()});
            marks_.push_back({*at, &run, QString::fromStdString(run.name), Text::tr("Queued; predicted")});
        } else if (std::isfinite(size) && (size > 0 || !axes_.logarithmicSize)) {
            sizeData.append({size, nearBottom});
            marks_.push_back({{size, nearBottom},
                              &run,
                              QString::fromStdString(run.name),
                              Text::tr("Queued; stands at the bottom, as its loss is not known"),
                              plot_.yAxis2});
        }
    }
    predicted.data()->set(predictedData);
    sizes.data()->set(sizeData);
    for (QCPGraph* graph : {&predicted, &sizes}) {
        graph->setScatterStyle(hollow);
        graph->setAntialiasedScatters(!many);
        graph->setAdaptiveSampling(many);
    }
}

QCPItemRect& FrontierOverlay::addShade() {
    auto* shade = new QCPItemRect(&plot_); // owned by the plot
    items_.push_back(shade);
    shade->setLayer(QStringLiteral("grid"));
    shade->setPen(Qt::NoPen);
    shade->setBrush(textColor(0.05));
    for (QCPItemPosition* corner : {shade->topLeft, shade->bottomRight}) {
        corner->setType(QCPItemPosition::ptAxisRectRatio);
    }
    return *shade;
}

QCPItemStraightLine& FrontierOverlay::addLine() {
    auto* line = new QCPItemStraightLine(&plot_); // owned by the plot
    items_.push_back(line);
    line->setPen(QPen(palette_.color(QPalette::Highlight), 2));
    for (QCPItemPosition* end : {line->point1, line->point2}) {
        end->setType(QCPItemPosition::ptAxisRectRatio);
    }
    return *line;
}

void FrontierOverlay::drawCeiling(const RunRecord& ceiling) {
    const double loss = axes_.loss->value(ceiling);
    if (!std::isfinite(loss) || (axes_.logarithmicLoss && loss <= 0)) {
        return; // this axis knows nothing of it
    }
    QCPItemRect& above = addShade();
    above.topLeft->setCoords(0, 0);
    above.bottomRight->setTypeY(QCPItemPosition::ptPlotCoords);
    above.bottomRight->setCoords(1, loss);
    QCPItemStraightLine& line = addLine();
    line.setPen(QPen(palette_.color(QPalette::Highlight), 1.5, Qt::DotLine));
    line.point1->setTypeY(QCPItemPosition::ptPlotCoords);
    line.point2->setTypeY(QCPItemPosition::ptPlotCoords);
    line.point1->setCoords(0, loss);
    line.point2->setCoords(1, loss);
}

void FrontierOverlay::drawKnee(const RunRecord& knee) {
    const auto at = pointOf(knee);
    if (!at) {
        return;
    }
    auto* word = new QCPItemText(&plot_); // owned by the plot
    items_.push_back(word);
    word->setText(Text::tr("knee"));
    word->setColor(textColor(0.75));
    QFont font = plot_.font();
    font.setItalic(true);
    word->setFont(font);
    // Towards the side of better runs, where there are none.
    word->setPositionAlignment((axes_.size->largerIsBetter ? Qt::AlignLeft : Qt::AlignRight) | Qt::AlignTop);
    word->setPadding(QMargins(5, 4, 5, 4));
    word->position->setCoords(at->x(), at->y());
}

void FrontierOverlay::drawTarget(const OverlayContent& content) {
    if (content.target) {
        const double size = axes_.size->value(*content.target);
        targetAt_ = size;
        QCPItemRect& beyond = addShade();
        // What is larger than the target lies to its left where the axis counts how many times smaller.
        if (axes_.size->largerIsBetter) {
            beyond.topLeft->setCoords(0, 0);
            beyond.bottomRight->setTypeX(QCPItemPosition::ptPlotCoords);
            beyond.bottomRight->setCoords(size, 1);
        } else {
            beyond.topLeft->setTypeX(QCPItemPosition::ptPlotCoords);
            beyond.topLeft->setCoords(size, 0);
            beyond.bottomRight->setCoords(1, 1);
        }
        QCPItemStraightLine& line = addLine();
        line.point1->setTypeX(QCPItemPosition::ptPlotCoords);
        line.point2->setTypeX(QCPItemPosition::ptPlotCoords);
        line.point1->setCoords(size, 0);
        line.point2->setCoords(size, 1);
    }
    if (content.mix) {
        if (const auto at = pointOf(*content.mix)) {
            QCPGraph& graph = addGraph(QStringLiteral("marks"), QString());
            graph.setScatterStyle({QCPScatterStyle::ssDiamond, QPen(palette_.color(QPalette::Highlight), 2),
                                   palette_.color(QPalette::Base), 12});
            graph.addData(at->x(), at->y());
            marks_.push_back(
                {*at, &*content.mix, Text::tr("Best mix for the target"), Text::tr("Predicted")});
        }
    }
}

bool FrontierOverlay::isTargetAt(const QPointF& pixel) const {
    constexpr double reach = 5;
    return targetAt_ && plot_.axisRect()->rect().contains(pixel.toPoint()) &&
           std::abs(plot_.xAxis->coordToPixel(*targetAt_) - pixel.x()) <= reach;
}

QString FrontierOverlay::toolTipAt(const QPointF& pixel) const {
    constexpr double reach = 8;
    const Mark* nearest = nullptr;
    double best = reach * reach;
    for (const Mark& mark : marks_) {
        const QCPAxis* vertical = mark.vertical != nullptr ? mark.vertical : plot_.yAxis;
        const QPointF offset =
            QPointF(plot_.xAxis->coordToPixel(mark.at.x()), vertical->coordToPixel(mark.at.y())) - pixel;
        if (QPointF::dotProduct(offset, offset) <= best) {
            best = QPointF::dotProduct(offset, offset);
            nearest = &mark;
        }
    }
    return nearest != nullptr ? describe(*nearest->run, nearest->title, nearest->note) : QString();
}

} // namespace planish
