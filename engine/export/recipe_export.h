// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "recipe/recipe.h"

#include <filesystem>

namespace planish {

/// Writes the recipe as FOLDER/recipe.json (the folder is made), reads it back and compares. Throws
/// InputError when the file exists and `overwrite` is false, Error when writing or the comparison fails.
/// Returns the file's path.
std::filesystem::path exportRecipe(const Recipe& recipe, const std::filesystem::path& folder, bool overwrite);

} // namespace planish
