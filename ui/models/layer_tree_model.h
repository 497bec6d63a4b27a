// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "models/recipe_editor.h"

#include <QAbstractItemModel>
#include <QPointer>
#include <map>
#include <optional>
#include <vector>

namespace planish {

class CostTable;

/// A model's tensors as people think of them: embedding, block ▸ attention / MLP / norms ▸ tensor, final
/// norm, head; with the codec and exact size of each, and of each group. Shows a RecipeEditor and edits
/// through it.
class LayerTreeModel : public QAbstractItemModel {
    Q_OBJECT

  public:
    enum Column {
        layerColumn,
        roleColumn,
        shapeColumn,
        weightsColumn,
        codecColumn,
        bitsColumn,
        costColumn,
        sizeColumn,
        otherColumn, ///< the codec in the recipe it is compared with, where that is another
        columnCount_
    };
    enum DataRole {
        /// QList<int>: the tensors a row stands for.
        tensorsRole = Qt::UserRole,
        /// QList<int>: those of them an edit of the row changes: the matrices of a group, or its norms when
        /// it
        /// has nothing else.
        editableTensorsRole,
        /// QString: the coarse role of the row ("attention"), empty for rows of several.
        groupRole,
        /// bool: whether the tensors of the row have different codecs.
        mixedRole,
        /// QVariant comparable with <: the value behind a number column's text.
        sortRole,
    };

    explicit LayerTreeModel(RecipeEditor* source, QObject* parent = nullptr);

    /// Shows another recipe, compared with none; rows (and so expansion and selection) stay when it is of the
    /// same tensors.
    void setSource(RecipeEditor* source);
    RecipeEditor* source() const { return source_; }
    /// Where predicted costs come from; it must outlive this.
    void setCosts(const CostTable* costs);
    /// A recipe of the same tensors to compare with, and what it is called; null: none. It must outlive this.
    void setOther(const RecipeEditor* other, const QString& title = {});
    const RecipeEditor* other() const { return other_; }
    /// Tensors whose codec differs there.
    int differenceCount() const;
    /// Whether codecs can be edited here.
    void setEditable(bool editable);

    /// The row of a tensor.
    QModelIndex indexOf(int tensor, int column = layerColumn) const;
    /// The tensor of a row, or -1 for a group.
    int tensorAt(const QModelIndex& index) const;

    QModelIndex index(int row, int column, const QModelIndex& parent = {}) const override;
    QModelIndex parent(const QModelIndex& index) const override;
    int rowCount(const QModelIndex& parent = {}) const override;
    int columnCount(const QModelIndex& parent = {}) const override;
    QVariant data(const QModelIndex& index, int role = Qt::DisplayRole) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role = Qt::DisplayRole) const override;
    Qt::ItemFlags flags(const QModelIndex& index) const override;
    /// A codec string into the codec column; false, with editRefused, when it is none or does not fit.
    bool setData(const QModelIndex& index, const QVariant& value, int role = Qt::EditRole) override;
    /// A typed codec for some tensors; false, with editRefused, as above.
    bool setCodec(const std::vector<int>& tensors, const QString& codec);

  signals:
    void editRefused(const QString& message);
    /// differenceCount() may be another.
    void differencesChanged();

  private:
    struct Node {
        QString title;
        QString group;   ///< coarse role, empty when its tensors differ
        int tensor = -1; ///< -1: a group
        int parent = -1; ///< into nodes_; -1: top level
        int row = 0;     ///< among its siblings
        std::vector<int> children;
        QList<int> tensors; ///< all below
        QList<int> editable;
        quint64 weights = 0;
        quint64 bytes = 0;          ///< packed
        std::optional<double> cost; ///< predicted, nats; nothing while a tensor's is not known
        bool costAtMost = false;
        std::map<QString, int> codecs; ///< of the editable tensors, with their number
        std::map<QString, int> others; ///< in the other recipe, of those that differ there
    };

    const Node& node(const QModelIndex& index) const {
        return nodes_[static_cast<std::size_t>(index.internalId())];
    }
    QModelIndex indexOfNode(int node, int column) const;
    const TensorInfo& tensor(int index) const { return source_->tensors()[static_cast<std::size_t>(index)]; }

    void connectSource();
    void rebuild();
    void refresh(const std::vector<int>& tensorIndices);
    int addNode(int parent, const QString& title);
    void addTensor(int tensorIndex);
    int groupNode(int tensorIndex);
    void summarize(int nodeIndex);
    void summarizeCost(Node& node) const;
    void sumCosts();
    void refreshAll();

    static bool isNumberColumn(int column) {
        return column >= shapeColumn && column != codecColumn && column != otherColumn;
    }
    QVariant displayData(const Node& node, int column) const;
    QString layerToolTip(const Node& node) const;
    QString costToolTip(const Node& node) const;
    QString otherText(const Node& node) const;
    /// The node's share of the whole predicted cost, 0 to 1; for its shade.
    double costShare(const Node& node) const;
    QVariant toolTip(const Node& node, int column) const;
    QVariant sortData(const Node& node, int column) const;

    QPointer<RecipeEditor> source_;
    QPointer<const CostTable> costs_;
    QPointer<const RecipeEditor> other_;
    QString otherTitle_;
    QMetaObject::Connection otherChanges_;
    double wholeCost_ = 0; ///< of all tensors whose cost is known
    bool editable_ = true;
    std::vector<Node> nodes_;
    std::vector<int> topLevel_;
    std::vector<int> nodeOfTensor_;
    std::vector<TensorInfo> shownTensors_; ///< the rows were built from
};

} // namespace planish
