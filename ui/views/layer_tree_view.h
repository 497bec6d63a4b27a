// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "models/layer_filter_model.h"

#include <QSet>
#include <QTreeView>
#include <vector>

namespace planish {

/// The layer tree: many rows selected at once and edited in one cell, by mouse or keyboard. Knows how to
/// select tensors and to keep what was expanded while a filter is on.
class LayerTreeView : public QTreeView {
    Q_OBJECT

  public:
    explicit LayerTreeView(LayerFilterModel* layers, QWidget* parent = nullptr);

    /// Blocks open, their groups closed: the whole model at a glance. Large models start with closed blocks.
    void expandOverview();
    void setFilterText(const QString& text);

    /// Selects the rows of tensors that the filter shows, opening their groups. Returns how many there are.
    int selectTensors(const std::vector<int>& tensors);
    /// All tensors of the selected rows, those of groups included.
    QSet<int> selectedTensors() const;
    /// The tensors that an edit in `index` changes: of all selected rows when it is one of them.
    std::vector<int> editTargets(const QModelIndex& index) const;
    /// Opens the codec editor for the selected rows.
    void editCodec();
    /// Closes the codec editor, if one is open, without taking its text.
    void closeCodecEditor();

    /// Whether codecs can be dragged from one row to others.
    void setFillable(bool fillable);
    /// The selected rows from top to bottom as they are shown.
    QModelIndexList selectedRowsInOrder() const;

  signals:
    /// The codecs of row `from` are wanted in `rows` too.
    void fillRequested(const QModelIndex& from, const QModelIndexList& rows);

  protected:
    void paintEvent(QPaintEvent* event) override;
    void mousePressEvent(QMouseEvent* event) override;
    void mouseMoveEvent(QMouseEvent* event) override;
    void mouseReleaseEvent(QMouseEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;
    QItemSelectionModel::SelectionFlags selectionCommand(const QModelIndex& index,
                                                         const QEvent* event) const override;

  private:
    void rememberExpanded(const QModelIndex& parent);
    void moveToCodecColumn();
    void applyColumnWidths();
    /// The square at the corner of the current codec cell that is dragged; null when there is none.
    QRect fillHandle() const;
    /// The rows beside `fillFrom_` up to the one at a height, from top to bottom.
    QModelIndexList rowsTo(int y) const;

    LayerFilterModel* layers_;
    QList<QPersistentModelIndex> expandedUnfiltered_; ///< of the unfiltered model
    bool fillable_ = false;
    QPersistentModelIndex fillFrom_; ///< while it is dragged
    QModelIndexList fillTo_;
};

} // namespace planish
