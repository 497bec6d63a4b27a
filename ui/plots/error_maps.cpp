// SPDX-License-Identifier: GPL-3.0-or-later
#include "plots/error_maps.h"

#include "models/numbers.h"
#include "models/recipe_comparison_model.h"
#include "plots/plot_theme.h"

#include <QToolTip>
#include <algorithm>
#include <cmath>
#include <set>

namespace planish {

ErrorMaps::ErrorMaps(Comparison& comparison, TensorSelection& tensors, QWidget* parent)
    : ThemedPlot(tr("Maps of the compared runs, blocks by kinds of tensors"), parent),
      comparison_(comparison),
      tensors_(tensors),
      blockTicks_(new QCPAxisTickerText),
      kindTicks_(new QCPAxisTickerText),
      scale_(new QCPColorScale(this)),
      margins_(new QCPMarginGroup(this)) {
    setAccessibleDescription(tr("The arrow keys select a tensor; its values stand below the maps."));
    plotLayout()->clear();
    plotLayout()->setRowSpacing(2);
    scale_->setType(QCPAxis::atBottom);
    scale_->setBarWidth(12);
    scale_->setGradient(amountGradient());
    connect(&comparison_, &Comparison::changed, this, &ErrorMaps::rebuild);
    connect(&tensors_, &TensorSelection::changed, this, &ErrorMaps::updateMarks);
    rebuild();
}

void ErrorMaps::setQuantity(std::size_t index) {
    quantity_ = &tensorQuantities()[index];
    fill();
    updateMarks();
}

void ErrorMaps::collectCells() {
    std::set<int> blocks;
    kinds_.clear();
    const std::vector<TensorComparison>& tensors = comparison_.values().tensors;
    for (const TensorComparison& tensor : tensors) {
        const TensorPlace place = placeOf(tensor.name);
        if (place.block >= 0) { // embedding and head are in no block
            blocks.insert(place.block);
            if (!kinds_.contains(place.name)) {
                kinds_.append(place.name);
            }
        }
    }
    blocks_.assign(blocks.begin(), blocks.end());
    cells_.assign(blocks_.size() * static_cast<std::size_t>(kinds_.size()), -1);
    for (std::size_t i = 0; i < tensors.size(); ++i) {
        const TensorPlace place = placeOf(tensors[i].name);
        if (place.block >= 0) {
            const auto column = std::ranges::lower_bound(blocks_, place.block) - blocks_.begin();
            const auto row = kinds_.indexOf(place.name);
            cells_[static_cast<std::size_t>(row * std::ssize(blocks_) + column)] = static_cast<int>(i);
        }
    }
}

void ErrorMaps::rebuild() {
    for (const Map& map : maps_) {
        removeItem(map.mark);
    }
    clearPlottables();
    if (scale_->layout() != nullptr) {
        plotLayout()->take(scale_);
    }
    plotLayout()->clear();
    plotLayout()->simplify();
    maps_.clear();
    collectCells();
    blockTicks_->clear();
    kindTicks_->clear();
    for (int block = 0; block < blockCount(); ++block) {
        blockTicks_->addTick(block, QString::number(blocks_[static_cast<std::size_t>(block)]));
    }
    for (int kind = 0; kind < kinds_.size(); ++kind) {
        kindTicks_->addTick(kind, kinds_[kind]);
    }
    const bool empty = cells_.empty();
    for (int run = 0; run < comparison_.count() && !empty; ++run) {
        addMap(run);
    }
    plotLayout()->addElement(plotLayout()->rowCount(), 0, scale_);
    scale_->setVisible(!empty);
    scale_->setMarginGroup(QCP::msLeft | QCP::msRight, margins_);
    setEmptyText(empty ? tr("These runs have no tensors in blocks.") : QString());
    // A line for every name, title, numbers of blocks, and the scale below: what does not fit is scrolled to.
    const int line = fontMetrics().height();
    setMinimumHeight(empty ? 0 : mapCount() * (static_cast<int>(kinds_.size()) + 3) * line + 5 * line);
    applyTheme();
    recolor();
    fill();
    updateMarks();
}

void ErrorMaps::addMap(int run) {
    Map map{};
    map.title = new QCPTextElement(this, comparedName(comparison_, run));
    map.rect = new QCPAxisRect(this);
    map.rect->setMarginGroup(QCP::msLeft | QCP::msRight, margins_);
    map.rect->setRangeDrag({});
    map.rect->setRangeZoom({});
    const int row = plotLayout()->rowCount();
    plotLayout()->addElement(row, 0, map.title);
    plotLayout()->addElement(row + 1, 0, map.rect);
    QCPAxis* x = map.rect->axis(QCPAxis::atBottom);
    QCPAxis* y = map.rect->axis(QCPAxis::atLeft);
    x->setTicker(blockTicks_);
    y->setTicker(kindTicks_);
    y->setRangeReversed(true);
    x->setRange(-0.5, blockCount() - 0.5);
    y->setRange(-0.5, static_cast<double>(kinds_.size()) - 0.5);
    for (QCPAxis* axis : {x, y}) {
        axis->setSubTicks(false);
        axis->grid()->setVisible(false);
    }
    if (run + 1 == comparison_.count()) {
        x->setLabel(tr("Block"));
    }
    map.colours = new QCPColorMap(x, y);
    map.colours->setInterpolate(false);
    map.colours->setColorScale(scale_);
    map.colours->setGradient(amountGradient());
    map.mark = new QCPItemRect(this);
    for (QCPItemPosition* corner : {map.mark->topLeft, map.mark->bottomRight}) {
        corner->setAxes(x, y);
        corner->setAxisRect(map.rect);
    }
    map.mark->setClipAxisRect(map.rect);
    maps_.push_back(map);
}

double ErrorMaps::valueAt(int map, int block, int kind) const {
    const TensorComparison* tensor = tensorOf({block, kind});
    const double value =
        tensor == nullptr ? notMeasured : quantity_->value(*tensor, static_cast<std::size_t>(map));
    return std::isfinite(value) ? value : notMeasured; // what is stored exactly has no finite decibels
}

void ErrorMaps::fill() {
    QCPRange range(notMeasured, notMeasured);
    const int kinds = static_cast<int>(kinds_.size());
    for (int map = 0; map < mapCount(); ++map) {
        QCPColorMapData& data = *maps_[static_cast<std::size_t>(map)].colours->data();
        data.setSize(blockCount(), kinds);
        data.setRange({0, std::max(1.0, blockCount() - 1.0)}, {0, std::max(1.0, kinds - 1.0)});
        for (int block = 0; block < blockCount(); ++block) {
            for (int kind = 0; kind < kinds; ++kind) {
                const double value = valueAt(map, block, kind);
                data.setCell(block, kind, value);
                if (std::isfinite(value)) {
                    range.expand(value);
                }
            }
        }
    }
    scale_->axis()->setLabel(quantity_->label());
    scale_->setDataRange(range.lower < range.upper    ? range
                         : std::isfinite(range.lower) ? QCPRange(range.lower - 1, range.lower + 1)
                                                      : QCPRange(0, 1));
    replot(rpQueuedReplot);
}

void ErrorMaps::recolor() {
    const QColor text = palette().color(QPalette::Text);
    QCPAxis& axis = *scale_->axis();
    axis.setTickLabelColor(text);
    axis.setLabelColor(text);
    axis.setLabelFont(font());
    axis.setTickLabelFont(font());
    QFont bold = font();
    bold.setBold(true);
    for (const Map& map : maps_) {
        map.title->setTextColor(text);
        map.title->setFont(bold);
        map.mark->setPen(QPen(palette().color(QPalette::Highlight), 2.5));
    }
}

const TensorComparison* ErrorMaps::tensorOf(Cell cell) const {
    const int index = cells_[static_cast<std::size_t>(cell.kind * blockCount() + cell.block)];
    return index < 0 ? nullptr : &comparison_.values().tensors[static_cast<std::size_t>(index)];
}

QPointF ErrorMaps::pixelOf(int map, int block, int kind) const {
    const QCPAxisRect* rect = maps_[static_cast<std::size_t>(map)].rect;
    return {rect->axis(QCPAxis::atBottom)->coordToPixel(block),
            rect->axis(QCPAxis::atLeft)->coordToPixel(kind)};
}

std::optional<ErrorMaps::Cell> ErrorMaps::cellAt(const QPointF& pixel) const {
    for (const Map& map : maps_) {
        if (map.rect->rect().contains(pixel.toPoint())) {
            const Cell cell{
                static_cast<int>(std::lround(map.rect->axis(QCPAxis::atBottom)->pixelToCoord(pixel.x()))),
                static_cast<int>(std::lround(map.rect->axis(QCPAxis::atLeft)->pixelToCoord(pixel.y())))};
            const bool inside = cell.block >= 0 && cell.block < blockCount() && cell.kind >= 0 &&
                                cell.kind < kinds_.size() && tensorOf(cell) != nullptr;
            return inside ? std::optional(cell) : std::nullopt;
        }
    }
    return std::nullopt;
}

std::optional<ErrorMaps::Cell> ErrorMaps::selectedCell() const {
    const std::string selected = tensors_.single();
    for (int kind = 0; kind < kinds_.size(); ++kind) {
        for (int block = 0; block < blockCount(); ++block) {
            if (const auto* tensor = tensorOf({block, kind}); tensor != nullptr && tensor->name == selected) {
                return Cell{block, kind};
            }
        }
    }
    return std::nullopt;
}

void ErrorMaps::updateMarks() {
    const std::optional<Cell> cell = selectedCell();
    for (const Map& map : maps_) {
        map.mark->setVisible(cell.has_value());
        if (cell) {
            map.mark->topLeft->setCoords(cell->block - 0.5, cell->kind - 0.5);
            map.mark->bottomRight->setCoords(cell->block + 0.5, cell->kind + 0.5);
        }
    }
    replot(rpQueuedReplot);
    emit readoutChanged();
}

QString ErrorMaps::describe(const TensorComparison& tensor) const {
    QStringList values;
    for (int run = 0; run < comparison_.count(); ++run) {
        const auto position = static_cast<std::size_t>(run);
        values +=
            tr("%1: %2, %3 %4")
                .arg(comparedName(comparison_, run), QString::fromStdString(tensor.codecs[position]),
                     formatNumber(quantity_->value(tensor, position)), QString::fromUtf8(quantity_->unit))
                .trimmed();
    }
    return values.join(QStringLiteral(" · "));
}

QString ErrorMaps::readout() const {
    const std::optional<Cell> cell = selectedCell();
    if (!cell) {
        return {};
    }
    const TensorComparison& tensor = *tensorOf(*cell);
    return tr("%1 – %2").arg(QString::fromStdString(tensor.name), describe(tensor));
}

void ErrorMaps::select(Cell cell) {
    if (const TensorComparison* tensor = tensorOf(cell)) {
        tensors_.select({tensor->name});
    }
}

void ErrorMaps::mouseMoveEvent(QMouseEvent* event) {
    QCustomPlot::mouseMoveEvent(event);
    if (const std::optional<Cell> cell = cellAt(event->position())) {
        const TensorComparison& tensor = *tensorOf(*cell);
        QToolTip::showText(
            event->globalPosition().toPoint() + QPoint(12, 12),
            QStringLiteral("<b>%1</b><br>%2")
                .arg(QString::fromStdString(tensor.name).toHtmlEscaped(), describe(tensor).toHtmlEscaped()),
            this);
    } else {
        QToolTip::hideText();
    }
}

void ErrorMaps::mouseReleaseEvent(QMouseEvent* event) {
    QCustomPlot::mouseReleaseEvent(event);
    if (const std::optional<Cell> cell = cellAt(event->position());
        cell && event->button() == Qt::LeftButton) {
        select(*cell);
    }
}

void ErrorMaps::keyPressEvent(QKeyEvent* event) {
    const int key = event->key();
    const int right = (key == Qt::Key_Right ? 1 : 0) - (key == Qt::Key_Left ? 1 : 0);
    const int down = (key == Qt::Key_Down ? 1 : 0) - (key == Qt::Key_Up ? 1 : 0);
    if ((right == 0 && down == 0) || cells_.empty()) {
        QCustomPlot::keyPressEvent(event);
        return;
    }
    const std::optional<Cell> from = selectedCell();
    Cell cell = from.value_or(Cell());
    if (from) {
        cell.block = std::clamp(cell.block + right, 0, blockCount() - 1);
        cell.kind = std::clamp(cell.kind + down, 0, static_cast<int>(kinds_.size()) - 1);
    }
    select(cell);
}

} // namespace planish
