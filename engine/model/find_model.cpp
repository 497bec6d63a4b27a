// SPDX-License-Identifier: GPL-3.0-or-later
#include "model/find_model.h"

#include "model/gguf_header.h"
#include "model/model.h"
#include "support/system.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <system_error>

namespace planish {
namespace {

/// A file of another kind was given: say what to give instead.
[[noreturn]] void refuseFile(const std::filesystem::path& path) {
    constexpr std::array pickles{".bin", ".pt", ".pth", ".ckpt", ".pkl", ".pickle"};
    const std::string extension = path.extension().string();
    std::string found = "another file; of a Hugging Face model give the folder";
    if (std::find(pickles.begin(), pickles.end(), extension) != pickles.end()) {
        found = "a pickle file: loading one can run any program, so it is not opened; convert the model to "
                "safetensors first";
    }
    throw InputError(path.string(), "model",
                     "a folder with config.json and safetensors files, or a GGUF file", found);
}

} // namespace

std::filesystem::path findModel(const std::string& nameOrPath) {
    std::error_code failure;
    const std::filesystem::path path(nameOrPath);
    const auto status = std::filesystem::status(path, failure);
    if (std::filesystem::is_directory(status)) {
        // Made absolute and normal so that "." and "folder/" have a last component to be named by.
        auto folder = std::filesystem::absolute(path).lexically_normal();
        if (!std::filesystem::exists(folder / "config.json", failure)) {
            throw InputError(folder.string(), "model",
                             "a folder with config.json and safetensors files, or a GGUF file",
                             "a folder without config.json");
        }
        return folder.has_filename() ? folder : folder.parent_path();
    }
    const std::vector<std::string> bundled = bundledModels();
    if (std::find(bundled.begin(), bundled.end(), nameOrPath) != bundled.end()) {
        return resourceFolder() / "models" / nameOrPath;
    }
    if (std::filesystem::exists(status)) {
        if (!looksLikeGguf(ReadOnlyFile(path)) && path.extension() != ".gguf") {
            refuseFile(path);
        }
        return std::filesystem::absolute(path).lexically_normal();
    }
    const bool missing = status.type() == std::filesystem::file_type::not_found;
    throw InputError(
        nameOrPath, "model",
        fmt::format("a folder, a GGUF file, or the name of a bundled model ({})", fmt::join(bundled, ", ")),
        missing ? "no such folder or file" : failure.message());
}

std::vector<std::string> bundledModels() {
    std::vector<std::string> names;
    std::error_code ignored;
    for (const auto& entry : std::filesystem::directory_iterator(resourceFolder() / "models", ignored)) {
        if (std::filesystem::exists(entry.path() / "config.json", ignored)) {
            names.push_back(entry.path().filename().string());
        }
    }
    std::sort(names.begin(), names.end());
    return names;
}

} // namespace planish
