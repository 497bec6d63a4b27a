// SPDX-License-Identifier: GPL-3.0-or-later
#include "plots/tensor_bars.h"

#include "models/recipe_comparison_model.h"
#include "models/run_table_model.h"
#include "plots/plot_theme.h"

#include <QScrollBar>
#include <QToolTip>
#include <algorithm>
#include <array>
#include <cmath>

namespace planish {

namespace {

constexpr std::array quantities = {
    TensorQuantity{QT_TRANSLATE_NOOP("TensorBars", "Bits per weight"), "",
                   [](const TensorComparison& tensor, std::size_t run) { return tensor.bitsPerWeight[run]; }},
    TensorQuantity{
        QT_TRANSLATE_NOOP("TensorBars", "Relative error ‖W−Ŵ‖² ÷ ‖W‖²"), "%",
        [](const TensorComparison& tensor, std::size_t run) { return 100 * tensor.relativeError[run]; }},
    TensorQuantity{QT_TRANSLATE_NOOP("TensorBars", "Signal to quantization noise"), "dB",
                   [](const TensorComparison& tensor, std::size_t run) {
                       return -10 * std::log10(tensor.relativeError[run]);
                   }},
    TensorQuantity{
        QT_TRANSLATE_NOOP("TensorBars", "Share of the packed size"), "%",
        [](const TensorComparison& tensor, std::size_t run) { return 100 * tensor.sizeShare[run]; }},
};

QString rowTitle(const std::string& tensor) {
    const TensorPlace place = placeOf(tensor);
    return place.block < 0 ? place.name : QStringLiteral("%1 · %2").arg(place.block).arg(place.name);
}

} // namespace

QString TensorQuantity::label() const {
    const QString name = QCoreApplication::translate("TensorBars", title);
    return *unit == '\0' ? name : QStringLiteral("%1 (%2)").arg(name, QString::fromUtf8(unit));
}

std::span<const TensorQuantity> tensorQuantities() {
    return quantities;
}

TensorBars::TensorBars(Comparison& comparison, TensorSelection& tensors, QWidget* parent)
    : ThemedPlot(tr("Tensors of the compared runs"), parent),
      comparison_(comparison),
      tensors_(tensors),
      group_(new QCPBarsGroup(this)),
      names_(new QCPAxisTickerText),
      mark_(new QCPItemRect(this)) {
    setAccessibleDescription(tr("Up and down select a tensor; its values are in the tooltip."));
    group_->setSpacingType(QCPBarsGroup::stPlotCoords);
    group_->setSpacing(0);
    yAxis->setTicker(names_);
    yAxis->setRangeReversed(true);
    yAxis->setSubTicks(false);
    yAxis->grid()->setVisible(false);
    xAxis->setNumberFormat(QStringLiteral("gb"));
    // The legend has its own place above the bars, two names a line.
    plotLayout()->insertRow(0);
    plotLayout()->addElement(0, 0, legend);
    plotLayout()->setRowStretchFactor(0, 0.001);
    legend->setWrap(2);
    legend->setFillOrder(QCPLayoutGrid::foColumnsFirst);
    mark_->setLayer(QStringLiteral("grid"));
    mark_->setPen(Qt::NoPen);
    connect(&comparison_, &Comparison::changed, this, &TensorBars::rebuild);
    connect(&tensors_, &TensorSelection::changed, this, &TensorBars::updateMarks);
    rebuild();
}

void TensorBars::setQuantity(std::size_t index) {
    quantity_ = &tensorQuantities()[index];
    rebuild();
}

void TensorBars::setShowAll(bool all) {
    all_ = all;
    rebuild();
}

void TensorBars::setScrollBar(QScrollBar* bar) {
    scrollBar_ = bar;
    connect(bar, &QScrollBar::valueChanged, this, [this](int first) {
        yAxis->setRange(first - 0.5, first - 0.5 + yAxis->range().size());
        replot(rpQueuedReplot);
    });
    updateRange();
}

void TensorBars::rebuild() {
    clearPlottables();
    legend->clearItems();
    bars_.clear();
    shown_.clear();
    for (const TensorComparison& tensor : comparison_.values().tensors) {
        if (all_ || tensor.codecDiffers) {
            shown_.push_back(tensor);
        }
    }
    names_->clear();
    for (int i = 0; i < tensorCount(); ++i) {
        names_->addTick(i, rowTitle(shown_[static_cast<std::size_t>(i)].name));
    }
    const int runs = comparison_.count();
    for (int run = 0; run < runs; ++run) {
        auto* bars = new QCPBars(yAxis, xAxis); // owned by the plot
        bars->setName(comparedName(comparison_, run));
        bars->setWidth(0.8 / runs);
        bars->setBarsGroup(group_);
        for (int i = 0; i < tensorCount(); ++i) {
            const double value =
                quantity_->value(shown_[static_cast<std::size_t>(i)], static_cast<std::size_t>(run));
            if (std::isfinite(value)) {
                bars->addData(i, value);
            }
        }
        bars->addToLegend();
        bars_.push_back(bars);
    }
    xAxis->setLabel(quantity_->label());
    legend->setVisible(runs > 0);
    setEmptyText(shown_.empty() ? tr("The recipes of these runs are the same.") : QString());
    recolor();
    xAxis->rescale();
    xAxis->setRangeLower(0);
    xAxis->setRangeUpper(std::max(xAxis->range().upper * 1.05, 1e-12));
    updateRange();
    updateMarks();
}

void TensorBars::recolor() {
    for (std::size_t run = 0; run < bars_.size(); ++run) {
        const QColor color = seriesColor(run, palette());
        bars_[run]->setBrush(color);
        bars_[run]->setPen(QPen(color.darker(115), 0.5));
    }
    legend->setBorderPen(Qt::NoPen);
    QColor mark = palette().color(QPalette::Highlight);
    mark.setAlphaF(0.22F);
    mark_->setBrush(mark);
}

void TensorBars::updateRange() {
    const int rowHeight = fontMetrics().height() + 4;
    const int visible = std::clamp(axisRect()->height() / rowHeight, 1, std::max(1, tensorCount()));
    if (scrollBar_ != nullptr) {
        const QSignalBlocker blocker(scrollBar_);
        scrollBar_->setRange(0, tensorCount() - visible);
        scrollBar_->setPageStep(visible);
        scrollBar_->setVisible(tensorCount() > visible);
    }
    const int first = scrollBar_ != nullptr ? scrollBar_->value() : 0;
    yAxis->setRange(first - 0.5, first + visible - 0.5);
    replot(rpQueuedReplot);
}

void TensorBars::updateMarks() {
    const std::string selected = tensors_.single();
    const auto found = std::ranges::find(shown_, selected, &TensorComparison::name);
    mark_->setVisible(found != shown_.end());
    if (found != shown_.end()) {
        const auto row = static_cast<double>(found - shown_.begin());
        mark_->topLeft->setType(QCPItemPosition::ptPlotCoords);
        mark_->topLeft->setTypeX(QCPItemPosition::ptAxisRectRatio);
        mark_->bottomRight->setTypeX(QCPItemPosition::ptAxisRectRatio);
        mark_->topLeft->setCoords(0, row - 0.5);
        mark_->bottomRight->setCoords(1, row + 0.5);
    }
    replot(rpQueuedReplot);
}

int TensorBars::tensorAt(const QPoint& pixel) const {
    const int row = static_cast<int>(std::lround(yAxis->pixelToCoord(pixel.y())));
    return emptyText().isEmpty() && row >= 0 && row < tensorCount() &&
                   yAxis->range().contains(yAxis->pixelToCoord(pixel.y()))
               ? row
               : -1;
}

QPoint TensorBars::centerOf(int tensor) const {
    return {axisRect()->center().x(), static_cast<int>(yAxis->coordToPixel(tensor))};
}

QString TensorBars::toolTipOf(int tensor) const {
    const TensorComparison& values = shown_[static_cast<std::size_t>(tensor)];
    QString rows;
    for (int run = 0; run < comparison_.count(); ++run) {
        const auto position = static_cast<std::size_t>(run);
        rows +=
            QStringLiteral("<tr><td>%1&nbsp;&nbsp;</td><td>%2&nbsp;&nbsp;</td><td>%3 %4</td></tr>")
                .arg(comparedName(comparison_, run).toHtmlEscaped(),
                     QString::fromStdString(values.codecs[position]).toHtmlEscaped(),
                     formatNumber(quantity_->value(values, position)), QString::fromUtf8(quantity_->unit));
    }
    return QStringLiteral("<b>%1</b><br>%2<table>%3</table>")
        .arg(QString::fromStdString(values.name).toHtmlEscaped(), quantity_->label().toHtmlEscaped(), rows);
}

void TensorBars::resizeEvent(QResizeEvent* event) {
    QCustomPlot::resizeEvent(event);
    updateRange();
}

void TensorBars::wheelEvent(QWheelEvent* event) {
    if (scrollBar_ != nullptr) {
        QCoreApplication::sendEvent(scrollBar_, event);
    }
}

void TensorBars::mouseMoveEvent(QMouseEvent* event) {
    QCustomPlot::mouseMoveEvent(event);
    const int tensor = tensorAt(event->pos());
    if (tensor >= 0) {
        QToolTip::showText(event->globalPosition().toPoint() + QPoint(12, 12), toolTipOf(tensor), this);
    } else {
        QToolTip::hideText();
    }
}

void TensorBars::mouseReleaseEvent(QMouseEvent* event) {
    QCustomPlot::mouseReleaseEvent(event);
    if (const int tensor = tensorAt(event->pos()); tensor >= 0) {
        tensors_.select({shown_[static_cast<std::size_t>(tensor)].name});
    }
}

void TensorBars::keyPressEvent(QKeyEvent* event) {
    if (event->key() == Qt::Key_Up || event->key() == Qt::Key_Down) {
        selectNeighbour(event->key() == Qt::Key_Up ? -1 : 1);
    } else {
        QCustomPlot::keyPressEvent(event);
    }
}

void TensorBars::selectNeighbour(int step) {
    if (shown_.empty()) {
        return;
    }
    const auto found = std::ranges::find(shown_, tensors_.single(), &TensorComparison::name);
    int row = found == shown_.end() ? 0 : static_cast<int>(found - shown_.begin()) + step;
    row = std::clamp(row, 0, tensorCount() - 1);
    if (scrollBar_ != nullptr) {
        const int page = scrollBar_->pageStep();
        scrollBar_->setValue(std::clamp(scrollBar_->value(), row - page + 1, row));
    }
    tensors_.select({shown_[static_cast<std::size_t>(row)].name});
    QToolTip::showText(mapToGlobal(centerOf(row)), toolTipOf(row), this);
}

} // namespace planish
