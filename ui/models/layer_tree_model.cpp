// SPDX-License-Identifier: GPL-3.0-or-later
#include "models/layer_tree_model.h"

#include "models/codec_choices.h"
#include "models/cost_table.h"
#include "models/recipe_text.h"
#include "support/text.h"

#include <QLocale>
#include <algorithm>
#include <numeric>
#include <set>

namespace planish {

namespace {

bool isMatrixRole(Role role) {
    return role != Role::norm && role != Role::bias;
}

bool isSameTensor(const TensorInfo& first, const TensorInfo& second) {
    return first.name == second.name && first.shape == second.shape;
}

/// What a tensor is called below its group: "q_proj", "input_layernorm", "q_proj.bias".
QString tensorTitle(const TensorInfo& tensor, bool tiedEmbedding) {
    switch (tensor.role) {
    case Role::embedding:
        return tiedEmbedding ? LayerTreeModel::tr("Embedding and head") : LayerTreeModel::tr("Embedding");
    case Role::head:
        return LayerTreeModel::tr("Head");
    case Role::bias:
        return fromUtf8(tensor.name).section(u'.', -2);
    default:
        return tensor.block < 0 ? LayerTreeModel::tr("Final norm") : fromUtf8(tensor.name).section(u'.', -1);
    }
}

QString groupTitle(Role role) {
    if (!isMatrixRole(role)) {
        return LayerTreeModel::tr("Norms");
    }
    return roleGroup(role) == "mlp" ? LayerTreeModel::tr("MLP") : LayerTreeModel::tr("Attention");
}

std::vector<int> allTensors(std::size_t count) {
    std::vector<int> all(count);
    std::iota(all.begin(), all.end(), 0);
    return all;
}

} // namespace

LayerTreeModel::LayerTreeModel(RecipeEditor* source, QObject* parent)
    : QAbstractItemModel(parent), source_(source) {
    connectSource();
    rebuild();
}

void LayerTreeModel::setSource(RecipeEditor* source) {
    if (source == source_) {
        return;
    }
    if (source_) {
        disconnect(source_, nullptr, this, nullptr);
    }
    other_.clear(); // whose changes that was about too, if it was the same
    source_ = source;
    connectSource();
    if (std::ranges::equal(shownTensors_, source_->tensors(), isSameTensor)) {
        refresh(allTensors(shownTensors_.size()));
    } else {
        rebuild();
    }
}

void LayerTreeModel::connectSource() {
    connect(source_, &RecipeEditor::modelChanged, this, &LayerTreeModel::rebuild);
    connect(source_, &RecipeEditor::codecsChanged, this, &LayerTreeModel::refresh);
}

void LayerTreeModel::setCosts(const CostTable* costs) {
    costs_ = costs;
    connect(costs_, &CostTable::changed, this, &LayerTreeModel::refreshAll);
    refreshAll();
}

void LayerTreeModel::setOther(const RecipeEditor* other, const QString& title) {
    disconnect(otherChanges_);
    other_ = other;
    otherTitle_ = title;
    if (other_) {
        otherChanges_ = connect(other_, &RecipeEditor::codecsChanged, this, &LayerTreeModel::refresh);
    }
    refreshAll();
    emit headerDataChanged(Qt::Horizontal, otherColumn, otherColumn);
}

int LayerTreeModel::differenceCount() const {
    int count = 0;
    for (const Node& node : nodes_) {
        count += node.tensor >= 0 && !node.others.empty() ? 1 : 0;
    }
    return count;
}

void LayerTreeModel::setEditable(bool editable) {
    editable_ = editable;
}

void LayerTreeModel::rebuild() {
    beginResetModel();
    nodes_.clear();
    topLevel_.clear();
    shownTensors_.clear();
    std::vector<int> last;
    nodeOfTensor_.assign(source_->tensors().size(), -1);
    for (const TensorInfo& info : source_->tensors()) {
        const int index = static_cast<int>(shownTensors_.size());
        shownTensors_.push_back(info);
        if (info.block >= 0 && !isMatrixRole(info.role)) {
            last.push_back(index); // people look for matrices first, wherever the file has the norms
        } else {
            addTensor(index);
        }
    }
    std::ranges::for_each(last, [this](int index) { addTensor(index); });
    for (std::size_t index = 0; index < nodes_.size(); ++index) {
        summarize(static_cast<int>(index));
    }
    sumCosts();
    endResetModel();
}

int LayerTreeModel::addNode(int parent, const QString& title) {
    std::vector<int>& siblings = parent < 0 ? topLevel_ : nodes_[static_cast<std::size_t>(parent)].children;
    const int index = static_cast<int>(nodes_.size());
    Node node;
    node.title = title;
    node.parent = parent;
    node.row = static_cast<int>(siblings.size());
    siblings.push_back(index);
    nodes_.push_back(std::move(node));
    return index;
}

int LayerTreeModel::groupNode(int tensorIndex) {
    const TensorInfo& info = tensor(tensorIndex);
    if (info.block < 0) {
        return -1;
    }
    const auto find = [&](int parent, const QString& title) {
        const std::vector<int>& siblings =
            parent < 0 ? topLevel_ : nodes_[static_cast<std::size_t>(parent)].children;
        // From the end: tensors come in the order of the network, so the group is nearly always the last one.
        const auto found = std::find_if(siblings.rbegin(), siblings.rend(), [&](int sibling) {
            return nodes_[static_cast<std::size_t>(sibling)].title == title;
        });
        return found == siblings.rend() ? addNode(parent, title) : *found;
    };
    return find(find(-1, tr("Block %1").arg(info.block)), groupTitle(info.role));
}

void LayerTreeModel::addTensor(int tensorIndex) {
    const TensorInfo& info = tensor(tensorIndex);
    const int leaf = addNode(groupNode(tensorIndex), tensorTitle(info, source_->tiedEmbedding()));
    nodes_[static_cast<std::size_t>(leaf)].tensor = tensorIndex;
    nodeOfTensor_[static_cast<std::size_t>(tensorIndex)] = leaf;
    for (int above = leaf; above >= 0; above = nodes_[static_cast<std::size_t>(above)].parent) {
        Node& node = nodes_[static_cast<std::size_t>(above)];
        const QString group = fromUtf8(roleGroup(info.role));
        node.group = node.tensors.isEmpty() || node.group == group ? group : QString();
        node.tensors.append(tensorIndex);
    }
}

void LayerTreeModel::summarize(int nodeIndex) {
    Node& node = nodes_[static_cast<std::size_t>(nodeIndex)];
    node.weights = 0;
    node.bytes = 0;
    node.codecs.clear();
    node.editable.clear();
    std::ranges::copy_if(node.tensors, std::back_inserter(node.editable),
                         [this](int index) { return isMatrixRole(tensor(index).role); });
    if (node.editable.isEmpty()) {
        node.editable = node.tensors;
    }
    for (int index : node.tensors) {
        const Shape shape = tensor(index).shape;
        node.weights += shape.count();
        node.bytes += source_->codecs()[static_cast<std::size_t>(index)].packedBytes(shape);
    }
    summarizeCost(node);
    node.others.clear();
    const bool compares = other_ && other_->codecs().size() == source_->codecs().size();
    for (int index : node.editable) {
        const std::string& codec = source_->codecs()[static_cast<std::size_t>(index)].name();
        ++node.codecs[fromUtf8(codec)];
        if (compares) {
            const std::string& there = other_->codecs()[static_cast<std::size_t>(index)].name();
            if (there != codec) {
                ++node.others[fromUtf8(there)];
            }
        }
    }
}

void LayerTreeModel::summarizeCost(Node& node) const {
    node.cost.reset();
    node.costAtMost = false;
    if (!costs_ || costs_->study() == nullptr) {
        return;
    }
    double sum = 0;
    for (const int index : node.tensors) {
        if (!isMatrixRole(tensor(index).role)) {
            continue; // stored in floats
        }
        const auto cost =
            costs_->known().cost(tensor(index), source_->codecs()[static_cast<std::size_t>(index)]);
        if (!cost) {
            return;
        }
        sum += cost->divergence;
        node.costAtMost = node.costAtMost || cost->atMost;
    }
    node.cost = sum;
}

void LayerTreeModel::sumCosts() {
    wholeCost_ = 0;
    for (const Node& node : nodes_) {
        wholeCost_ += node.tensor >= 0 ? node.cost.value_or(0) : 0;
    }
}

void LayerTreeModel::refreshAll() {
    if (!nodes_.empty()) {
        refresh(allTensors(shownTensors_.size()));
    }
}

void LayerTreeModel::refresh(const std::vector<int>& tensorIndices) {
    std::set<int> stale;
    for (int tensorIndex : tensorIndices) {
        for (int above = nodeOfTensor_[static_cast<std::size_t>(tensorIndex)]; above >= 0;
             above = nodes_[static_cast<std::size_t>(above)].parent) {
            stale.insert(above);
        }
    }
    std::map<int, std::pair<int, int>> rowsOfParent;
    for (int nodeIndex : stale) {
        summarize(nodeIndex);
        const Node& node = nodes_[static_cast<std::size_t>(nodeIndex)];
        const auto [rows, inserted] = rowsOfParent.try_emplace(node.parent, node.row, node.row);
        rows->second = {std::min(rows->second.first, node.row), std::max(rows->second.second, node.row)};
    }
    sumCosts();
    for (const auto& [parentNode, rows] : rowsOfParent) {
        const QModelIndex parentIndex = parentNode < 0 ? QModelIndex() : indexOfNode(parentNode, 0);
        emit dataChanged(index(rows.first, codecColumn, parentIndex),
                         index(rows.second, otherColumn, parentIndex));
    }
    emit differencesChanged();
}

QModelIndex LayerTreeModel::indexOfNode(int nodeIndex, int column) const {
    return createIndex(nodes_[static_cast<std::size_t>(nodeIndex)].row, column,
                       static_cast<quintptr>(nodeIndex));
}

QModelIndex LayerTreeModel::indexOf(int tensor, int column) const {
    return indexOfNode(nodeOfTensor_.at(static_cast<std::size_t>(tensor)), column);
}

int LayerTreeModel::tensorAt(const QModelIndex& index) const {
    return index.isValid() ? node(index).tensor : -1;
}

QModelIndex LayerTreeModel::index(int row, int column, const QModelIndex& parent) const {
    if (!hasIndex(row, column, parent)) {
        return {};
    }
    const std::vector<int>& siblings = parent.isValid() ? node(parent).children : topLevel_;
    return indexOfNode(siblings[static_cast<std::size_t>(row)], column);
}

QModelIndex LayerTreeModel::parent(const QModelIndex& index) const {
    if (!index.isValid() || node(index).parent < 0) {
        return {};
    }
    return indexOfNode(node(index).parent, 0);
}

int LayerTreeModel::rowCount(const QModelIndex& parent) const {
    if (parent.column() > 0) {
        return 0;
    }
    return static_cast<int>(parent.isValid() ? node(parent).children.size() : topLevel_.size());
}

int LayerTreeModel::columnCount(const QModelIndex&) const {
    return columnCount_;
}

Qt::ItemFlags LayerTreeModel::flags(const QModelIndex& index) const {
    Qt::ItemFlags flags = QAbstractItemModel::flags(index);
    if (index.isValid() && editable_ && index.column() == codecColumn) {
        flags |= Qt::ItemIsEditable;
    }
    return flags;
}

bool LayerTreeModel::setData(const QModelIndex& index, const QVariant& value, int role) {
    if (role != Qt::EditRole || !(flags(index) & Qt::ItemIsEditable)) {
        return false;
    }
    const QList<int>& editable = node(index).editable;
    return setCodec({editable.begin(), editable.end()}, value.toString());
}

bool LayerTreeModel::setCodec(const std::vector<int>& tensors, const QString& codec) {
    const CodecInput input = readCodec(codec);
    if (!input.codec) {
        emit editRefused(input.error);
        return false;
    }
    try {
        source_->setCodec(tensors, *input.codec);
        return true;
    } catch (const Error& error) {
        emit editRefused(QString::fromUtf8(error.what()));
        return false;
    }
}

} // namespace planish
