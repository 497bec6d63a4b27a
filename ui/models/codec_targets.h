// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "models/recipe_editor.h"

namespace planish {

/// The tensors that a codec is being composed for.
struct CodecTargets {
    QString description;             ///< "12 MLP tensors"
    QString codecNow;                ///< of the first
    std::vector<TensorInfo> tensors; ///< those that would change, see RecipeEditor::setCodec
    std::size_t bytesNow = 0;        ///< packed, of the same
    bool floatOnly = false;          ///< norms and biases alone
    int codecsNow = 0;               ///< different ones
};

/// `tensorIndices` are of editor.tensors().
CodecTargets codecTargets(const RecipeEditor& editor, const std::vector<int>& tensorIndices);

} // namespace planish
