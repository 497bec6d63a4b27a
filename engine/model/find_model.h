// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <string>

namespace planish {

/// The model that `nameOrPath` means: an existing Hugging Face folder or GGUF file, or else the folder of the
/// bundled model of that name.
/// Throws InputError that says what is there instead and which models are bundled.
std::filesystem::path findModel(const std::string& nameOrPath);

} // namespace planish
