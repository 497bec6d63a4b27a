// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <string>

namespace planish {

/// The Hugging Face folder that `nameOrPath` means: an existing folder, or else a bundled model of that name.
/// Throws InputError that says what is there instead and which models are bundled.
std::filesystem::path findModelFolder(const std::string& nameOrPath);

} // namespace planish
