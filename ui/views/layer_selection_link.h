// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "models/recipe_editor.h"
#include "models/tensor_selection.h"

#include <QObject>

namespace planish {

class LayerTreeView;

/// Makes the rows selected in the layer tree the selected tensors of all views, and the other way round.
class LayerSelectionLink final : public QObject {
    Q_OBJECT
  public:
    /// `editor` names the tensors of the tree. All must outlive this.
    LayerSelectionLink(LayerTreeView& tree, RecipeEditor& editor, TensorSelection& tensors,
                       QObject* parent = nullptr);

  private:
    void give();
    void take();

    LayerTreeView& tree_;
    RecipeEditor& editor_;
    TensorSelection& tensors_;
    bool busy_ = false; ///< one side is being set from the other
};

} // namespace planish
