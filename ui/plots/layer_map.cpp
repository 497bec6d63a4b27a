// SPDX-License-Identifier: GPL-3.0-or-later
#include "plots/layer_map.h"

#include "models/recipe_comparison_model.h"
#include "models/run_table_model.h"
#include "plots/plot_theme.h"

#include <QToolTip>
#include <algorithm>
#include <cmath>

namespace planish {

LayerMap::LayerMap(RunCollection& runs, RunSelection& selection, RunBrushes& brushes,
                   TensorSelection& tensors, QWidget* parent)
    : ThemedPlot(tr("Layers and runs"), parent),
      runs_(runs),
      selection_(selection),
      brushes_(brushes),
      tensors_(tensors),
      runTicks_(new QCPAxisTickerText),
      tensorTicks_(new QCPAxisTickerText),
      map_(new QCPColorMap(xAxis, yAxis)),
      scale_(new QCPColorScale(this)),
      rowMark_(new QCPItemRect(this)),
      cellMark_(new QCPItemRect(this)) {
    setAccessibleDescription(tr("The values are in the run details, tensor by tensor."));
    xAxis->setTicker(runTicks_);
    xAxis->setTickLabelRotation(-60);
    yAxis->setTicker(tensorTicks_);
    yAxis->setRangeReversed(true);
    for (QCPAxis* axis : {xAxis, yAxis}) {
        axis->setSubTicks(false);
        axis->grid()->setVisible(false);
    }
    plotLayout()->addElement(0, 1, scale_);
    scale_->setType(QCPAxis::atRight);
    scale_->setBarWidth(14);
    map_->setColorScale(scale_);
    map_->setGradient(amountGradient());
    map_->setInterpolate(false);
    for (QCPItemRect* mark : {rowMark_, cellMark_}) {
        mark->setBrush(Qt::NoBrush);
    }
    connect(&tensors_, &TensorSelection::changed, this, &LayerMap::updateMarks);
    connect(&runs_, &RunCollection::changed, this, &LayerMap::rebuild);
    connect(&selection_, &RunSelection::changed, this, &LayerMap::rebuild);
    connect(&brushes_, &RunBrushes::changed, this, &LayerMap::rebuild);
    recolor();
    rebuild();
}

void LayerMap::setQuantity(Quantity quantity) {
    quantity_ = quantity;
    rebuild();
}

const TensorResult* LayerMap::resultAt(std::size_t tensor, std::size_t run) const {
    const std::vector<TensorResult>& results = runs_.run(columns_[run]).tensors;
    // Runs of one model have their tensors in one order.
    if (tensor < results.size() && results[tensor].name == names_[tensor]) {
        return &results[tensor];
    }
    const auto found = std::ranges::find(results, names_[tensor], &TensorResult::name);
    return found == results.end() ? nullptr : &*found;
}

void LayerMap::rebuild() {
    columns_.clear();
    names_.clear();
    const bool all = selection_.ids().size() < 2;
    for (int row = 0; row < runs_.count() && columns_.size() < mostRuns; ++row) {
        const RunRecord& run = runs_.run(row);
        if (brushes_.accepts(run) && (all || selection_.contains(run.id))) {
            columns_.push_back(row);
        }
    }
    if (!columns_.empty()) {
        for (const TensorResult& tensor : runs_.run(columns_.front()).tensors) {
            names_.push_back(tensor.name);
        }
    }
    setEmptyText(columns_.empty() ? tr("No run to show: finish one, or clear the filter.") : QString());
    const bool bits = quantity_ == Quantity::bits;
    scale_->axis()->setLabel(bits ? tr("Bits per weight") : tr("Signal to quantization noise (dB)"));
    map_->data()->setSize(std::max(1, runCount()), std::max(1, tensorCount()));
    map_->data()->setRange({0, std::max(1.0, runCount() - 1.0)}, {0, std::max(1.0, tensorCount() - 1.0)});
    QCPRange range(notMeasured, notMeasured);
    for (std::size_t run = 0; run < columns_.size(); ++run) {
        for (std::size_t tensor = 0; tensor < names_.size(); ++tensor) {
            const TensorResult* result = resultAt(tensor, run);
            double value = result == nullptr ? notMeasured
                           : bits            ? result->bitsPerWeight
                                             : result->sqnrDecibel;
            value = std::isfinite(value) ? value : notMeasured;
            map_->data()->setCell(static_cast<int>(run), static_cast<int>(tensor), value);
            // What is left in floats would leave all that differs among the others one colour.
            const bool inFloats = result != nullptr && result->bitsPerWeight >= 16;
            if (!std::isnan(value) && !inFloats) {
                range.expand(value);
            }
        }
    }
    map_->setDataRange(range.lower < range.upper ? range : QCPRange(0, 16));
    xAxis->setRange(-0.5, std::max(1.0, runCount() - 0.5));
    yAxis->setRange(-0.5, std::max(1.0, tensorCount() - 0.5));
    run_ = std::min(run_, columns_.empty() ? 0 : columns_.size() - 1);
    placeNames();
    updateMarks();
}

std::optional<std::size_t> LayerMap::selectedTensor() const {
    const auto found =
        std::ranges::find_if(names_, [&](const std::string& name) { return tensors_.contains(name); });
    return found == names_.end() ? std::nullopt
                                 : std::optional(static_cast<std::size_t>(found - names_.begin()));
}

void LayerMap::updateMarks() {
    const std::optional<std::size_t> tensor = columns_.empty() ? std::nullopt : selectedTensor();
    rowMark_->setVisible(tensor.has_value());
    cellMark_->setVisible(tensor.has_value());
    if (tensor) {
        const auto row = static_cast<double>(*tensor);
        const auto column = static_cast<double>(run_);
        rowMark_->topLeft->setCoords(-0.5, row - 0.5);
        rowMark_->bottomRight->setCoords(runCount() - 0.5, row + 0.5);
        cellMark_->topLeft->setCoords(column - 0.5, row - 0.5);
        cellMark_->bottomRight->setCoords(column + 0.5, row + 0.5);
    }
    replot(rpQueuedReplot);
}

void LayerMap::resizeEvent(QResizeEvent* event) {
    ThemedPlot::resizeEvent(event);
    placeNames();
    replot(rpQueuedReplot);
}

/// As many names as have room: every second, third … where rows or columns are narrower than a line, and the
/// ends of long ones elided.
void LayerMap::placeNames() {
    const QFontMetrics metrics(xAxis->tickLabelFont());
    const int longest = std::min(18 * metrics.averageCharWidth(), height() / 4);
    const auto every = [&](int count, int pixels) {
        return std::max(1, (count * metrics.height() + pixels - 1) / std::max(1, pixels));
    };
    runTicks_->clear();
    const int runStep = every(runCount(), axisRect()->width());
    for (int run = 0; run < runCount(); run += runStep) {
        const std::string& name = runs_.run(columns_[static_cast<std::size_t>(run)]).name;
        runTicks_->addTick(run, metrics.elidedText(QString::fromStdString(name), Qt::ElideRight, longest));
    }
    tensorTicks_->clear();
    const int tensorStep = every(tensorCount(), axisRect()->height());
    for (int tensor = 0; tensor < tensorCount(); tensor += tensorStep) {
        const TensorPlace place = placeOf(names_[static_cast<std::size_t>(tensor)]);
        tensorTicks_->addTick(tensor, place.block < 0
                                          ? place.name
                                          : QStringLiteral("%1 · %2").arg(place.block).arg(place.name));
    }
}

void LayerMap::recolor() {
    QCPAxis& axis = *scale_->axis();
    axis.setTickLabelColor(palette().color(QPalette::Text));
    axis.setLabelColor(palette().color(QPalette::Text));
    axis.setLabelFont(font());
    axis.setTickLabelFont(font());
    rowMark_->setPen(QPen(palette().color(QPalette::Highlight), 1));
    cellMark_->setPen(QPen(palette().color(QPalette::Highlight), 2.5));
}

QPointF LayerMap::pixelOf(int tensor, int run) const {
    return {xAxis->coordToPixel(run), yAxis->coordToPixel(tensor)};
}

bool LayerMap::cellAt(const QPointF& pixel, std::size_t& tensor, std::size_t& run) const {
    const double x = std::round(xAxis->pixelToCoord(pixel.x()));
    const double y = std::round(yAxis->pixelToCoord(pixel.y()));
    if (x < 0 || y < 0 || x >= runCount() || y >= tensorCount()) {
        return false;
    }
    run = static_cast<std::size_t>(x);
    tensor = static_cast<std::size_t>(y);
    return true;
}

void LayerMap::mouseMoveEvent(QMouseEvent* event) {
    QCustomPlot::mouseMoveEvent(event);
    std::size_t tensor = 0;
    std::size_t run = 0;
    const TensorResult* result = cellAt(event->position(), tensor, run) ? resultAt(tensor, run) : nullptr;
    if (result == nullptr) {
        QToolTip::hideText();
        return;
    }
    QToolTip::showText(event->globalPosition().toPoint() + QPoint(12, 12), describe(tensor, run), this);
}

QString LayerMap::describe(std::size_t tensor, std::size_t run) const {
    const TensorResult* result = resultAt(tensor, run);
    return result == nullptr
               ? QString()
               : tr("<b>%1</b><br>%2<br>%3: %4 bits per weight, error %5 %")
                     .arg(QString::fromStdString(runs_.run(columns_[run]).name).toHtmlEscaped(),
                          QString::fromStdString(result->name).toHtmlEscaped(),
                          QString::fromStdString(result->codec).toHtmlEscaped(),
                          formatNumber(result->bitsPerWeight), formatNumber(100 * result->relativeError));
}

void LayerMap::keyPressEvent(QKeyEvent* event) {
    const int key = event->key();
    const int right = (key == Qt::Key_Right ? 1 : 0) - (key == Qt::Key_Left ? 1 : 0);
    const int down = (key == Qt::Key_Down ? 1 : 0) - (key == Qt::Key_Up ? 1 : 0);
    const bool chooses = key == Qt::Key_Space && event->modifiers().testFlag(Qt::ControlModifier);
    if ((right == 0 && down == 0 && !chooses) || columns_.empty() || names_.empty()) {
        ThemedPlot::keyPressEvent(event);
        return;
    }
    const std::optional<std::size_t> from = selectedTensor();
    const int tensor = from ? std::clamp(static_cast<int>(*from) + down, 0, tensorCount() - 1) : 0;
    run_ = static_cast<std::size_t>(std::clamp(static_cast<int>(run_) + right, 0, runCount() - 1));
    tensors_.select({names_[static_cast<std::size_t>(tensor)]});
    updateMarks();
    if (chooses) {
        selection_.toggle(runs_.run(columns_[run_]).id);
    } else {
        QToolTip::showText(mapToGlobal(pixelOf(tensor, static_cast<int>(run_)).toPoint()) + QPoint(12, 12),
                           describe(static_cast<std::size_t>(tensor), run_), this);
    }
}

void LayerMap::mouseReleaseEvent(QMouseEvent* event) {
    QCustomPlot::mouseReleaseEvent(event);
    std::size_t tensor = 0;
    std::size_t run = 0;
    if (event->button() == Qt::LeftButton && cellAt(event->position(), tensor, run)) {
        const std::string id = runs_.run(columns_[run]).id;
        run_ = run;
        tensors_.select({names_[tensor]});
        // A single run would leave the map with one column only: Ctrl says that it is meant.
        if (event->modifiers().testFlag(Qt::ControlModifier)) {
            selection_.toggle(id);
        }
    }
}

} // namespace planish
