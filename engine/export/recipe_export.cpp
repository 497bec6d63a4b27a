// SPDX-License-Identifier: GPL-3.0-or-later
#include "export/recipe_export.h"

#include "support/file.h"

#include <fmt/format.h>

namespace planish {

std::filesystem::path exportRecipe(const Recipe& recipe, const std::filesystem::path& folder,
                                   bool overwrite) {
    std::error_code failure;
    std::filesystem::create_directories(folder, failure);
    if (failure) {
        throw Error(fmt::format("{}: the folder cannot be made: {}", printable(folder.string(), 400),
                                failure.message()));
    }
    std::filesystem::path path = folder / "recipe.json";
    if (!overwrite && std::filesystem::exists(std::filesystem::symlink_status(path, failure))) {
        throw InputError(path.string(), "file", "no file yet (or the permission to overwrite)", "a file");
    }
    replaceFile(path, recipe.toJson().dump(2) + "\n");
    // What was promised is the recipe that other programs read, not the bytes that were meant.
    if (Recipe::fromFile(path.string()) != recipe) {
        throw Error(fmt::format("{}: reads back as another recipe", printable(path.string(), 400)));
    }
    return path;
}

} // namespace planish
