// SPDX-License-Identifier: GPL-3.0-or-later
#include "views/layer_selection_link.h"

#include "views/layer_tree_view.h"

#include <QItemSelectionModel>
#include <QScopedValueRollback>

namespace planish {

LayerSelectionLink::LayerSelectionLink(LayerTreeView& tree, RecipeEditor& editor, TensorSelection& tensors,
                                       QObject* parent)
    : QObject(parent), tree_(tree), editor_(editor), tensors_(tensors) {
    connect(tree_.selectionModel(), &QItemSelectionModel::selectionChanged, this, &LayerSelectionLink::give);
    connect(&tensors_, &TensorSelection::changed, this, &LayerSelectionLink::take);
    connect(&editor_, &RecipeEditor::modelChanged, &tensors_, &TensorSelection::clear);
}

void LayerSelectionLink::give() {
    if (busy_) {
        return;
    }
    const QScopedValueRollback<bool> guard(busy_, true);
    TensorSelection::Names names;
    for (const int tensor : tree_.selectedTensors()) {
        names.insert(editor_.tensors()[static_cast<std::size_t>(tensor)].name);
    }
    tensors_.select(std::move(names));
}

void LayerSelectionLink::take() {
    if (busy_) {
        return;
    }
    const QScopedValueRollback<bool> guard(busy_, true);
    std::vector<int> indices;
    for (std::size_t i = 0; i < editor_.tensors().size(); ++i) {
        if (tensors_.contains(editor_.tensors()[i].name)) {
            indices.push_back(static_cast<int>(i));
        }
    }
    tree_.selectTensors(indices);
}

} // namespace planish
