// SPDX-License-Identifier: GPL-3.0-or-later
#include "recipe/open_recipe.h"

#include "support/text.h"

#include <fmt/format.h>

namespace planish {

Recipe openRecipe(const std::string& text, const std::filesystem::path& folder) {
    if (text.starts_with('{')) {
        return Recipe::fromJson(parseJson(text, "recipe"), "recipe");
    }
    std::error_code ignored;
    const std::filesystem::path path = folder / text;
    if (std::filesystem::exists(path, ignored)) {
        return Recipe::fromFile(path.string());
    }
    std::vector<std::string> names;
    for (const RecipePreset& preset : recipePresets()) {
        if (preset.recipe.name == text) {
            return preset.recipe;
        }
        names.push_back(preset.recipe.name);
    }
    const auto near = nearest(text, names);
    throw InputError(text, "recipe", "a file, the name of a preset, or inline JSON",
                     near.empty() ? "none of them"
                                  : fmt::format("none of them; did you mean {}?", fmt::join(near, ", ")));
}

} // namespace planish
