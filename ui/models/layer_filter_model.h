// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "models/layer_tree_model.h"

#include <QSortFilterProxyModel>
#include <QStringList>
#include <utility>
#include <vector>

namespace planish {

/// What is typed into the filter box, as conditions that all have to hold: "mlp" and "q" are roles, "block 3"
/// and "blocks 0-3" are block numbers, anything else is part of the layer's name or of its codec.
class LayerFilter {
  public:
    LayerFilter() = default;
    explicit LayerFilter(const QString& text);

    bool isEmpty() const { return words_.isEmpty() && blocks_.empty(); }
    bool matches(const TensorInfo& tensor, const QString& codec) const;

  private:
    QStringList words_;                       ///< lower case
    std::vector<std::pair<int, int>> blocks_; ///< first and last, both included
};

/// The tensors that match a filter, under their groups. Rows stay while codecs change, so that what is being
/// edited does not vanish under the hand; refresh() filters anew.
class LayerFilterModel : public QSortFilterProxyModel {
    Q_OBJECT

  public:
    explicit LayerFilterModel(LayerTreeModel* layers, QObject* parent = nullptr);

    void setFilterText(const QString& text);
    bool isFiltering() const { return !filter_.isEmpty(); }
    void refresh();

    LayerTreeModel* layers() const { return layers_; }
    /// editableTensorsRole of a group has only tensors that match, as an edit must not reach hidden ones.
    QVariant data(const QModelIndex& index, int role = Qt::DisplayRole) const override;
    /// A codec for the tensors of the row that match.
    bool setData(const QModelIndex& index, const QVariant& value, int role = Qt::EditRole) override;
    /// The tensors of a row that match.
    QList<int> visibleTensors(const QModelIndex& row) const;
    /// Sorted and without doubles: the tensors an edit of these rows changes.
    std::vector<int> editableTensors(const QModelIndexList& rows) const;

  protected:
    bool filterAcceptsRow(int sourceRow, const QModelIndex& sourceParent) const override;

  private:
    bool matches(int tensor) const;

    LayerTreeModel* layers_;
    LayerFilter filter_;
};

} // namespace planish
