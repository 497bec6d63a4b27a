// SPDX-License-Identifier: GPL-3.0-or-later
#include "plots/tensor_plots.h"

#include "models/codec_cost_model.h"
#include "models/run_table_model.h"
#include "plots/plot_theme.h"

#include <QToolTip>
#include <algorithm>
#include <cmath>

namespace planish {

namespace {

QCPGraph* namedGraph(QCustomPlot& plot, const QString& name) {
    QCPGraph* graph = plot.addGraph();
    graph->setName(name);
    if (!name.isEmpty()) {
        graph->addToLegend();
    }
    return graph;
}

QColor translucent(QColor color, double opacity) {
    color.setAlphaF(static_cast<float>(opacity));
    return color;
}

void fill(QCPGraph& graph, const Histogram& histogram) {
    graph.data()->clear();
    for (std::size_t bin = 0; bin < histogram.share.size(); ++bin) {
        graph.addData(histogram.center(bin), 100 * histogram.share[bin]);
    }
}

} // namespace

WeightHistogram::WeightHistogram(QWidget* parent)
    : ThemedPlot(tr("Histogram of the weights"), parent),
      original_(namedGraph(*this, tr("in the model"))),
      stored_(namedGraph(*this, tr("stored"))),
      levels_(namedGraph(*this, tr("values of a typical group"))) {
    for (QCPGraph* graph : {original_, stored_}) {
        graph->setLineStyle(QCPGraph::lsStepCenter);
        graph->setAdaptiveSampling(false);
    }
    levels_->setLineStyle(QCPGraph::lsNone);
    xAxis->setLabel(tr("Weight"));
    yAxis->setLabel(tr("Share of the weights (%)"));
    // The legend has its own place above the bars, which may be tall anywhere.
    plotLayout()->insertRow(0);
    plotLayout()->addElement(0, 0, legend);
    plotLayout()->setRowStretchFactor(0, 0.001);
    legend->setFillOrder(QCPLayoutGrid::foColumnsFirst);
    legend->setMargins(QMargins(4, 0, 4, 0));
    legend->setVisible(true);
    setInteractions(QCP::iRangeDrag | QCP::iRangeZoom);
    axisRect()->setRangeZoom(Qt::Horizontal);
    axisRect()->setRangeDrag(Qt::Horizontal);
    recolor();
}

void WeightHistogram::show(const TensorInspection& inspection) {
    fill(*original_, inspection.original);
    fill(*stored_, inspection.stored);
    levels_->data()->clear();
    xAxis->setRange(inspection.original.lower, inspection.original.upper);
    // A coarse codec puts many weights on one value: its bars may leave the picture, the shape of the weights
    // may not.
    const double tallest = 100 * *std::ranges::max_element(inspection.original.share);
    const double tallestStored = 100 * *std::ranges::max_element(inspection.stored.share);
    const double top = std::min(1.05 * std::max(tallest, tallestStored), 4 * tallest);
    yAxis->setRange(-0.06 * top, top);
    if (inspection.levels) {
        for (const float level : inspection.levels->values) {
            levels_->addData(static_cast<double>(level), -0.03 * top);
        }
    }
    if (inspection.levels) {
        levels_->addToLegend();
    } else {
        levels_->removeFromLegend();
    }
    replot(rpQueuedReplot);
}

void WeightHistogram::recolor() {
    const QColor original = seriesColor(0, palette());
    const QColor stored = seriesColor(1, palette());
    original_->setPen(QPen(original, 1.5));
    original_->setBrush(translucent(original, 0.25));
    stored_->setPen(QPen(stored, 1.2));
    levels_->setScatterStyle({QCPScatterStyle::ssTriangle, QPen(stored), stored, 6});
    legend->setBorderPen(Qt::NoPen);
}

ErrorMapPlot::ErrorMapPlot(QWidget* parent)
    : ThemedPlot(tr("Errors by row and column"), parent),
      map_(new QCPColorMap(xAxis, yAxis)),
      scale_(new QCPColorScale(this)) {
    xAxis->setLabel(tr("Column (input)"));
    yAxis->setLabel(tr("Row (output)"));
    yAxis->setRangeReversed(true);
    plotLayout()->addElement(0, 1, scale_);
    scale_->setType(QCPAxis::atRight);
    scale_->setBarWidth(14);
    scale_->axis()->setLabel(tr("Error ÷ RMS of the weights (%)"));
    map_->setColorScale(scale_);
    map_->setGradient(amountGradient());
    map_->setInterpolate(false);
    map_->setTightBoundary(true);
    recolor();
}

void ErrorMapPlot::show(const ErrorMap& map) {
    values_ = map;
    const auto rows = static_cast<int>(map.rows);
    const auto columns = static_cast<int>(map.columns);
    map_->data()->setSize(columns, rows);
    // Cells are addressed by their centres.
    const auto center = [](std::size_t block, std::size_t size) {
        return (static_cast<double>(block) + 0.5) * static_cast<double>(size) - 0.5;
    };
    map_->data()->setRange({center(0, map.blockColumns), center(map.columns - 1, map.blockColumns)},
                           {center(0, map.blockRows), center(map.rows - 1, map.blockRows)});
    double largest = 0;
    for (int row = 0; row < rows; ++row) {
        for (int column = 0; column < columns; ++column) {
            const double value =
                100 *
                map.values[static_cast<std::size_t>(row) * map.columns + static_cast<std::size_t>(column)];
            map_->data()->setCell(column, row, value);
            largest = std::max(largest, value);
        }
    }
    map_->setDataRange({0, std::max(largest, 1e-9)});
    rescaleAxes();
    replot(rpQueuedReplot);
}

void ErrorMapPlot::recolor() {
    QCPAxis& axis = *scale_->axis();
    axis.setTickLabelColor(palette().color(QPalette::Text));
    axis.setLabelColor(palette().color(QPalette::Text));
    axis.setLabelFont(font());
    axis.setTickLabelFont(font());
}

void ErrorMapPlot::mouseMoveEvent(QMouseEvent* event) {
    QCustomPlot::mouseMoveEvent(event);
    const double x = xAxis->pixelToCoord(event->position().x()) + 0.5;
    const double y = yAxis->pixelToCoord(event->position().y()) + 0.5;
    const auto column = values_.columns == 0 ? -1 : std::floor(x / static_cast<double>(values_.blockColumns));
    const auto row = values_.columns == 0 ? -1 : std::floor(y / static_cast<double>(values_.blockRows));
    if (column < 0 || row < 0 || column >= static_cast<double>(values_.columns) ||
        row >= static_cast<double>(values_.rows)) {
        QToolTip::hideText();
        return;
    }
    const std::size_t cell =
        static_cast<std::size_t>(row) * values_.columns + static_cast<std::size_t>(column);
    const auto from = [](double block, std::size_t size) { return static_cast<qulonglong>(block) * size; };
    QToolTip::showText(event->globalPosition().toPoint() + QPoint(12, 12),
                       tr("From row %1, column %2 (%3 × %4): error %5 % of the RMS of the weights")
                           .arg(from(row, values_.blockRows))
                           .arg(from(column, values_.blockColumns))
                           .arg(values_.blockRows)
                           .arg(values_.blockColumns)
                           .arg(formatNumber(100 * values_.values[cell])),
                       this);
}

CodecCostPlot::CodecCostPlot(QWidget* parent)
    : ThemedPlot(tr("What codecs cost on this tensor"), parent),
      points_(namedGraph(*this, {})),
      best_(namedGraph(*this, {})),
      present_(namedGraph(*this, {})),
      marked_(namedGraph(*this, {})) {
    setAccessibleDescription(tr("The same numbers are in the table below."));
    for (QCPGraph* graph : {points_, present_, marked_}) {
        graph->setLineStyle(QCPGraph::lsNone);
    }
    best_->setLineStyle(QCPGraph::lsStepLeft);
    xAxis->setLabel(tr("Bits per weight"));
    yAxis->setScaleType(QCPAxis::stLogarithmic);
    yAxis->setTicker(QSharedPointer<QCPAxisTickerLog>::create());
    yAxis->setNumberFormat(QStringLiteral("gb"));
    yAxis->setNumberPrecision(0);
    recolor();
}

double CodecCostPlot::lossOf(const CodecTrial& cost) const {
    return 100 * (ofOutputs_ ? cost.proxyLoss : cost.relativeError);
}

void CodecCostPlot::show(const std::vector<CodecTrial>& costs, const std::string& present, bool ofOutputs) {
    costs_ = costs;
    ofOutputs_ = ofOutputs;
    // What is stored exactly, or nearly so, has no place on a logarithmic axis.
    std::erase_if(costs_, [this](const CodecTrial& cost) { return !(lossOf(cost) > 1e-4); });
    yAxis->setLabel(ofOutputs ? tr("Loss of outputs (%)") : tr("Error ‖W−Ŵ‖² ÷ ‖W‖² (%)"));
    for (QCPGraph* graph : {points_, best_, present_, marked_}) {
        graph->data()->clear();
    }
    for (const CodecTrial& cost : costs_) {
        points_->addData(cost.bitsPerWeight, lossOf(cost));
        if (cost.codec == present) {
            present_->addData(cost.bitsPerWeight, lossOf(cost));
        }
    }
    for (const std::size_t i : bestCosts(costs_, ofOutputs)) {
        best_->addData(costs_[i].bitsPerWeight, lossOf(costs_[i]));
    }
    points_->rescaleAxes();
    const QCPRange x = xAxis->range();
    const QCPRange y = yAxis->range();
    xAxis->setRange(x.lower - 0.06 * x.size() - 0.1, x.upper + 0.06 * x.size() + 0.1);
    yAxis->setRange(y.lower / 1.5, y.upper * 1.5);
    replot(rpQueuedReplot);
}

void CodecCostPlot::highlight(const QString& codec) {
    marked_->data()->clear();
    const auto found = std::ranges::find(costs_, codec.toStdString(), &CodecTrial::codec);
    if (found != costs_.end()) {
        marked_->addData(found->bitsPerWeight, lossOf(*found));
    }
    replot(rpQueuedReplot);
}

std::optional<QPointF> CodecCostPlot::pixelOf(const std::string& codec) const {
    const auto found = std::ranges::find(costs_, codec, &CodecTrial::codec);
    if (found == costs_.end()) {
        return std::nullopt;
    }
    return QPointF(xAxis->coordToPixel(found->bitsPerWeight), yAxis->coordToPixel(lossOf(*found)));
}

const CodecTrial* CodecCostPlot::costAt(const QPointF& pixel) const {
    const CodecTrial* nearest = nullptr;
    double best = 9 * 9;
    for (const CodecTrial& cost : costs_) {
        const QPointF apart = *pixelOf(cost.codec) - pixel;
        if (const double squared = QPointF::dotProduct(apart, apart); squared <= best) {
            best = squared;
            nearest = &cost;
        }
    }
    return nearest;
}

void CodecCostPlot::recolor() {
    const QColor point = seriesColor(0, palette());
    points_->setScatterStyle({QCPScatterStyle::ssCircle, QPen(point.darker(115)), point, 7});
    best_->setPen(QPen(mutedText(palette(), 0.5), 1.5));
    const QColor present = seriesColor(1, palette());
    present_->setScatterStyle({QCPScatterStyle::ssSquare, QPen(present.darker(115)), present, 9});
    marked_->setScatterStyle(
        {QCPScatterStyle::ssCircle, QPen(palette().color(QPalette::Text), 2), Qt::NoBrush, 14});
}

void CodecCostPlot::mouseMoveEvent(QMouseEvent* event) {
    QCustomPlot::mouseMoveEvent(event);
    const CodecTrial* cost = costAt(event->position());
    setCursor(cost != nullptr ? Qt::PointingHandCursor : Qt::ArrowCursor);
    highlight(cost != nullptr ? QString::fromStdString(cost->codec) : QString());
    if (cost == nullptr) {
        QToolTip::hideText();
        return;
    }
    QToolTip::showText(event->globalPosition().toPoint() + QPoint(12, 12),
                       tr("<b>%1</b><br>%2 bits per weight<br>%3: %4<br>A click stores the tensor in it.")
                           .arg(QString::fromStdString(cost->codec).toHtmlEscaped(),
                                formatNumber(cost->bitsPerWeight), yAxis->label().toHtmlEscaped(),
                                formatNumber(lossOf(*cost))),
                       this);
    emit codecHovered(QString::fromStdString(cost->codec));
}

void CodecCostPlot::mouseReleaseEvent(QMouseEvent* event) {
    QCustomPlot::mouseReleaseEvent(event);
    if (const CodecTrial* cost = costAt(event->position());
        cost != nullptr && event->button() == Qt::LeftButton) {
        emit codecChosen(QString::fromStdString(cost->codec));
    }
}

InputPlot::InputPlot(QWidget* parent)
    : ThemedPlot(tr("Inputs of the tensor"), parent),
      magnitude_(namedGraph(*this, tr("mean magnitude"))),
      smallest_(namedGraph(*this, tr("smallest"))),
      largest_(namedGraph(*this, tr("largest"))) {
    xAxis->setLabel(tr("Column (input)"));
    yAxis->setLabel(tr("Activation"));
    legend->setVisible(true);
    setInteractions(QCP::iRangeDrag | QCP::iRangeZoom);
    axisRect()->setRangeZoom(Qt::Horizontal);
    axisRect()->setRangeDrag(Qt::Horizontal);
    recolor();
}

void InputPlot::show(const InputStatistics& inputs) {
    const auto fill = [](QCPGraph& graph, const Vector& values) {
        graph.data()->clear();
        for (Eigen::Index i = 0; i < values.size(); ++i) {
            graph.addData(static_cast<double>(i), static_cast<double>(values(i)));
        }
    };
    fill(*magnitude_, inputs.meanMagnitude);
    fill(*smallest_, inputs.smallest);
    fill(*largest_, inputs.largest);
    rescaleAxes();
    replot(rpQueuedReplot);
}

void InputPlot::recolor() {
    const QColor magnitude = seriesColor(0, palette());
    magnitude_->setPen(QPen(magnitude, 1.5));
    magnitude_->setBrush(translucent(magnitude, 0.25));
    smallest_->setPen(QPen(seriesColor(2, palette()), 1));
    largest_->setPen(QPen(seriesColor(1, palette()), 1));
}

} // namespace planish
