// SPDX-License-Identifier: GPL-3.0-or-later
#include "views/layer_tree_view.h"

#include <QHeaderView>
#include <QKeyEvent>
#include <QMenu>
#include <QMouseEvent>
#include <QPainter>
#include <algorithm>
#include <array>
#include <utility>

namespace planish {

namespace {

constexpr int blocksOpenAtMost = 12;

QModelIndex codecCell(const QModelIndex& index) {
    return index.siblingAtColumn(LayerTreeModel::codecColumn);
}

bool isTyping(const QKeyEvent& event) {
    const Qt::KeyboardModifiers modifiers = event.modifiers() & ~(Qt::ShiftModifier | Qt::KeypadModifier);
    return modifiers == Qt::NoModifier && !event.text().isEmpty() && event.text().front().isLetterOrNumber();
}

} // namespace

LayerTreeView::LayerTreeView(LayerFilterModel* layers, QWidget* parent) : QTreeView(parent), layers_(layers) {
    setModel(layers);
    setAccessibleName(tr("Layers"));
    setSelectionBehavior(SelectRows);
    setSelectionMode(ExtendedSelection);
    setEditTriggers(DoubleClicked | SelectedClicked | EditKeyPressed | AnyKeyPressed);
    setUniformRowHeights(true);
    setAllColumnsShowFocus(true);
    setAlternatingRowColors(false);
    setContextMenuPolicy(Qt::CustomContextMenu);
    setTextElideMode(Qt::ElideMiddle);
    setMouseTracking(true);
    applyColumnWidths();
    header()->setContextMenuPolicy(Qt::CustomContextMenu);
    connect(header(), &QHeaderView::customContextMenuRequested, this, [this](const QPoint& position) {
        QMenu menu;
        for (int column = LayerTreeModel::roleColumn; column < LayerTreeModel::columnCount_; ++column) {
            if (column == LayerTreeModel::otherColumn && layers_->layers()->other() == nullptr) {
                continue;
            }
            QAction* action = menu.addAction(model()->headerData(column, Qt::Horizontal).toString());
            action->setCheckable(true);
            action->setChecked(!isColumnHidden(column));
            connect(action, &QAction::toggled, this,
                    [this, column](bool shown) { setColumnHidden(column, !shown); });
        }
        menu.exec(header()->mapToGlobal(position));
    });
}

void LayerTreeView::applyColumnWidths() {
    const std::array<const char*, LayerTreeModel::columnCount_> widest = {
        "     Embedding and head", "embedding", "8192 × 8192", "524,288,000",
        "int4:g16+refine",         "16.00",     "Cost (mnat)", "1023 KiB",
        "int4:g16+refine"};
    header()->setStretchLastSection(false);
    for (int column = 0; column < LayerTreeModel::columnCount_; ++column) {
        setColumnWidth(column, fontMetrics().horizontalAdvance(
                                   QString::fromUtf8(widest[static_cast<std::size_t>(column)])) +
                                   fontMetrics().height() * 5 / 4);
    }
    // What is edited, and what that changes, stays in sight in a narrow dock.
    for (const int column :
         {LayerTreeModel::roleColumn, LayerTreeModel::shapeColumn, LayerTreeModel::weightsColumn}) {
        header()->moveSection(header()->visualIndex(column), LayerTreeModel::sizeColumn);
    }
    header()->moveSection(header()->visualIndex(LayerTreeModel::otherColumn),
                          header()->visualIndex(LayerTreeModel::codecColumn) + 1);
    setColumnHidden(LayerTreeModel::otherColumn, true);
}

void LayerTreeView::expandOverview() {
    collapseAll();
    if (layers_->rowCount() <= blocksOpenAtMost + 3) {
        expandToDepth(0);
    }
}

void LayerTreeView::rememberExpanded(const QModelIndex& parent) {
    for (int row = 0; row < layers_->rowCount(parent); ++row) {
        const QModelIndex index = layers_->index(row, 0, parent);
        if (isExpanded(index)) {
            expandedUnfiltered_.append(layers_->mapToSource(index));
        }
        rememberExpanded(index);
    }
}

void LayerTreeView::setFilterText(const QString& text) {
    if (!layers_->isFiltering()) {
        expandedUnfiltered_.clear();
        rememberExpanded({});
    }
    layers_->setFilterText(text);
    if (layers_->isFiltering()) {
        expandAll();
        return;
    }
    collapseAll();
    for (const QPersistentModelIndex& index : expandedUnfiltered_) {
        expand(layers_->mapFromSource(index));
    }
}

int LayerTreeView::selectTensors(const std::vector<int>& tensors) {
    QItemSelection selection;
    QModelIndex first;
    for (int tensor : tensors) {
        const QModelIndex index = layers_->mapFromSource(layers_->layers()->indexOf(tensor));
        if (!index.isValid()) {
            continue;
        }
        for (QModelIndex above = index.parent(); above.isValid(); above = above.parent()) {
            expand(above);
        }
        selection.select(index, index);
        first = first.isValid() ? first : index;
    }
    if (first.isValid()) {
        selectionModel()->setCurrentIndex(codecCell(first), QItemSelectionModel::NoUpdate);
        scrollTo(first);
    }
    selectionModel()->select(selection, QItemSelectionModel::ClearAndSelect | QItemSelectionModel::Rows);
    return static_cast<int>(selectionModel()->selectedRows().size());
}

QSet<int> LayerTreeView::selectedTensors() const {
    QSet<int> tensors;
    for (const QModelIndex& row : selectionModel()->selectedRows()) {
        for (const int tensor : layers_->visibleTensors(row)) {
            tensors.insert(tensor);
        }
    }
    return tensors;
}

std::vector<int> LayerTreeView::editTargets(const QModelIndex& index) const {
    if (selectionModel()->isSelected(index.siblingAtColumn(0))) {
        return layers_->editableTensors(selectionModel()->selectedRows());
    }
    return layers_->editableTensors({index.siblingAtColumn(0)});
}

void LayerTreeView::moveToCodecColumn() {
    const QModelIndexList rows = selectionModel()->selectedRows();
    QModelIndex cell = codecCell(currentIndex());
    if (!rows.isEmpty() && !(cell.isValid() && selectionModel()->isSelected(cell))) {
        cell = codecCell(rows.front());
    }
    if (cell.isValid()) {
        selectionModel()->setCurrentIndex(cell, QItemSelectionModel::NoUpdate);
        scrollTo(cell);
    }
}

void LayerTreeView::editCodec() {
    moveToCodecColumn();
    if (codecCell(currentIndex()).flags() & Qt::ItemIsEditable) {
        setFocus();
        edit(currentIndex());
    }
}

void LayerTreeView::closeCodecEditor() {
    if (QWidget* editor = indexWidget(codecCell(currentIndex()))) {
        closeEditor(editor, QAbstractItemDelegate::RevertModelCache);
    }
}

void LayerTreeView::setFillable(bool fillable) {
    fillable_ = fillable;
    viewport()->update();
}

QModelIndexList LayerTreeView::selectedRowsInOrder() const {
    QModelIndexList rows = selectionModel()->selectedRows();
    std::ranges::sort(rows, {}, [this](const QModelIndex& row) { return visualRect(row).top(); });
    return rows;
}

QRect LayerTreeView::fillHandle() const {
    const QModelIndex cell = codecCell(currentIndex());
    if (!fillable_ || !cell.isValid() || !selectionModel()->isSelected(cell) ||
        isColumnHidden(LayerTreeModel::codecColumn)) {
        return {};
    }
    const int side = std::max(6, fontMetrics().height() / 2);
    const QRect rect = visualRect(cell);
    return rect.isEmpty() ? QRect() : QRect(rect.right() - side, rect.bottom() - side, side, side);
}

QModelIndexList LayerTreeView::rowsTo(int y) const {
    QModelIndexList rows;
    const QRect start = visualRect(fillFrom_);
    const bool down = y > start.bottom();
    if (!down && y >= start.top()) {
        return rows;
    }
    QModelIndex row = fillFrom_;
    for (;;) {
        row = down ? indexBelow(row) : indexAbove(row);
        const QRect rect = visualRect(row);
        if (!row.isValid() || (down ? rect.top() > y : rect.bottom() < y)) {
            break;
        }
        down ? rows.append(row) : rows.prepend(row);
    }
    return rows;
}

void LayerTreeView::mousePressEvent(QMouseEvent* event) {
    if (event->button() == Qt::LeftButton && fillHandle().contains(event->position().toPoint())) {
        fillFrom_ = currentIndex().siblingAtColumn(0);
        return;
    }
    QTreeView::mousePressEvent(event);
}

void LayerTreeView::mouseMoveEvent(QMouseEvent* event) {
    const QPoint position = event->position().toPoint();
    if (!fillFrom_.isValid()) {
        fillHandle().contains(position) ? viewport()->setCursor(Qt::CrossCursor) : viewport()->unsetCursor();
        QTreeView::mouseMoveEvent(event);
        return;
    }
    fillTo_ = rowsTo(position.y());
    if (!fillTo_.isEmpty()) {
        scrollTo(position.y() > visualRect(fillFrom_).top() ? fillTo_.back() : fillTo_.front());
    }
    viewport()->update();
}

void LayerTreeView::mouseReleaseEvent(QMouseEvent* event) {
    if (!fillFrom_.isValid()) {
        QTreeView::mouseReleaseEvent(event);
        return;
    }
    const QModelIndex from = std::exchange(fillFrom_, {});
    const QModelIndexList rows = std::exchange(fillTo_, {});
    viewport()->update();
    if (!rows.isEmpty()) {
        emit fillRequested(from, rows);
    }
}

void LayerTreeView::paintEvent(QPaintEvent* event) {
    QTreeView::paintEvent(event);
    QPainter painter(viewport());
    if (layers_->isFiltering() && layers_->rowCount() == 0) {
        painter.setPen(palette().color(QPalette::PlaceholderText));
        painter.drawText(viewport()->rect(), Qt::AlignCenter | Qt::TextWordWrap,
                         tr("No layer matches the filter: roles, groups, \"block 3\" and codecs do"));
    }
    const QColor accent = palette().color(QPalette::Highlight);
    if (const QRect handle = fillHandle(); !handle.isNull()) {
        painter.fillRect(handle, palette().color(QPalette::HighlightedText));
        painter.fillRect(handle.adjusted(1, 1, -1, -1), accent.darker(130));
    }
    if (!fillTo_.isEmpty()) {
        const QRect first = visualRect(codecCell(fillTo_.front()));
        const QRect last = visualRect(codecCell(fillTo_.back()));
        painter.setPen(QPen(accent, 2, Qt::DashLine));
        painter.drawRect(first.united(last).adjusted(1, 1, -1, -1));
    }
}

void LayerTreeView::keyPressEvent(QKeyEvent* event) {
    if (event->key() == Qt::Key_Return || event->key() == Qt::Key_Enter) {
        editCodec();
        event->accept();
        return;
    }
    if (isTyping(*event)) {
        moveToCodecColumn();
    }
    QTreeView::keyPressEvent(event);
}

QItemSelectionModel::SelectionFlags LayerTreeView::selectionCommand(const QModelIndex& index,
                                                                    const QEvent* event) const {
    // A click into the codec cell of one of several selected rows is for editing them all: keep them
    // selected.
    const auto* mouse = dynamic_cast<const QMouseEvent*>(event);
    if (mouse && mouse->button() == Qt::LeftButton && mouse->modifiers() == Qt::NoModifier &&
        index.column() == LayerTreeModel::codecColumn && selectionModel()->isSelected(index)) {
        return QItemSelectionModel::NoUpdate;
    }
    return QTreeView::selectionCommand(index, event);
}

} // namespace planish
