// SPDX-License-Identifier: GPL-3.0-or-later
#include "models/codec_targets.h"

#include "models/codec_choices.h"
#include "models/recipe_text.h"

#include <algorithm>
#include <set>
#include <string>

namespace planish {

CodecTargets codecTargets(const RecipeEditor& editor, const std::vector<int>& tensorIndices) {
    const auto tensor = [&](int index) -> const TensorInfo& {
        return editor.tensors()[static_cast<std::size_t>(index)];
    };
    CodecTargets targets;
    std::set<std::string> codecs;
    targets.description = describeTensors(editor.tensors(), tensorIndices);
    targets.floatOnly =
        std::ranges::all_of(tensorIndices, [&](int index) { return storesFloatsOnly(tensor(index)); });
    for (const int index : tensorIndices) {
        if (!targets.floatOnly && storesFloatsOnly(tensor(index))) {
            continue;
        }
        const Codec& codec = editor.codecs()[static_cast<std::size_t>(index)];
        targets.tensors.push_back(tensor(index));
        codecs.insert(codec.name());
        targets.bytesNow += codec.packedBytes(tensor(index).shape);
        if (targets.codecNow.isEmpty()) {
            targets.codecNow = fromUtf8(codec.name());
        }
    }
    targets.codecsNow = static_cast<int>(codecs.size());
    return targets;
}

} // namespace planish
