// SPDX-License-Identifier: GPL-3.0-or-later
#include "input_file.h"
#include "recipe/recipe.h"
#include "support/error.h"

#include <string_view>

using namespace planish;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    try {
        const std::string_view text(reinterpret_cast<const char*>(data), size);
        const Recipe recipe = Recipe::fromJson(parseJson(text, "input"), "input");
        const std::vector<TensorInfo> tensors{
            {"model.embed_tokens", Role::embedding, -1, {16, 8}, "bf16", false},
            {"model.layers.0.self_attn.q_proj", Role::query, 0, {8, 8}, "bf16", false},
            {"model.norm", Role::norm, -1, {1, 8}, "fp32", true}};
        resolve(recipe, tensors, true);
    } catch (const Error&) { // what a hostile file is answered with
    }
    return 0;
}
