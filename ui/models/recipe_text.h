// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "model/tensor_info.h"
#include "recipe/recipe.h"

#include <QString>
#include <span>
#include <string_view>
#include <vector>

namespace planish {

// How recipes, sizes and selections are worded, the same in every view.

/// A string of the engine.
QString fromUtf8(std::string_view text);

/// "4.50": bits per weight.
QString bitsText(double bitsPerWeight);

/// "6.4x (5.00 bits/weight) · whole model 5.1x fp32 / 2.6x bf16 · 3.4 MiB"; parts that have no weights are
/// left out.
QString sizeText(const RecipeSize& size);

/// What a set of tensors is called in a sentence: "block 0 q_proj", "12 MLP tensors", "30 tensors".
QString describeTensors(std::span<const TensorInfo> tensors, const std::vector<int>& tensorIndices);

/// A name for a recipe that nobody named: "int4:g64" when all decoder linears agree, else what its rules say
/// ("attention int4:g64, mlp int3:g64"), or its size when there are many.
QString recipeName(const Recipe& recipe, const RecipeSize& size);

} // namespace planish
