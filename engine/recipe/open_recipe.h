// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "recipe/recipe.h"

#include <filesystem>

namespace planish {

/// A recipe as people name one: inline JSON (starts with '{'), a file (relative paths from `folder`), or the
/// name of a preset. Throws InputError naming what was tried, with near preset names.
Recipe openRecipe(const std::string& text, const std::filesystem::path& folder = {});

} // namespace planish
