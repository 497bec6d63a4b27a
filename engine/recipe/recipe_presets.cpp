// SPDX-License-Identifier: GPL-3.0-or-later
#include "recipe/recipe.h"
#include "support/system.h"

#include <algorithm>
#include <filesystem>

namespace planish {

std::vector<RecipePreset> recipePresets() {
    constexpr std::uint64_t largestFile = 1U << 20;
    std::vector<std::string> files;
    const std::filesystem::path folder = resourceFolder() / "presets";
    if (!std::filesystem::is_directory(folder)) {
        throw Error(folder.string() + ": the folder of recipe presets is missing");
    }
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
        if (entry.path().extension() == ".json") {
            files.push_back(entry.path().string());
        }
    }
    // The files are numbered in the order menus show them: from the finest to the coarsest.
    std::sort(files.begin(), files.end());
    std::vector<RecipePreset> presets;
    for (const std::string& file : files) {
        const Json document = parseJsonFile(file, largestFile);
        presets.push_back(
            {Recipe::fromJson(document, file), JsonObject(document, file).string("summary", "")});
    }
    return presets;
}

} // namespace planish
