// SPDX-License-Identifier: GPL-3.0-or-later
#include "export/export_folder.h"

#include "support/error.h"
#include "support/file.h"
#include "support/text.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <system_error>

namespace planish {

namespace fs = std::filesystem;

ExportFolder::ExportFolder(fs::path folder, bool overwrite)
    : folder_(std::move(folder)),
      unfinished_(folder_ / fmt::format(".planish-export.{}", ::getpid())),
      overwrite_(overwrite) {
    std::error_code failure;
    made_ = fs::create_directories(folder_, failure);
    if (!failure) {
        fs::remove_all(unfinished_, failure); // of a process of the same number that was killed
        fs::create_directory(unfinished_, failure);
    }
    if (failure) {
        throw InputError(folder_.string(), "folder", "a place where files can be made", failure.message());
    }
}

ExportFolder::~ExportFolder() {
    std::error_code ignored;
    fs::remove_all(unfinished_, ignored);
    if (made_) {
        fs::remove(folder_, ignored); // unless there is something in it
    }
}

void requireNoFile(const fs::path& path) {
    std::error_code ignored;
    if (fs::exists(fs::symlink_status(path, ignored))) {
        throw InputError(path.string(), "file", "no file yet (give another folder, or --force to replace it)",
                         "a file");
    }
}

fs::path ExportFolder::add(const std::string& name) {
    if (!overwrite_) {
        requireNoFile(folder_ / name);
    }
    names_.push_back(name);
    return unfinished_ / name;
}

void ExportFolder::requireRoom(std::uint64_t bytes) const {
    std::error_code failure;
    const auto space = fs::space(unfinished_, failure);
    if (!failure && space.available < bytes) {
        throw InputError(folder_.string(), "disk", fmt::format("{} free", formatBytes(bytes)),
                         formatBytes(space.available));
    }
}

std::vector<fs::path> ExportFolder::commit(bool isModelFolder) {
    std::vector<fs::path> paths;
    for (const std::string& name : names_) {
        renameFile(unfinished_ / name, folder_ / name);
        paths.push_back(folder_ / name);
    }
    if (overwrite_ && isModelFolder) {
        // What an earlier export of another format left here would be read before, or beside, the new files.
        for (const char* other : {"planish.json", "model.safetensors.index.json", "quantize_config.json",
                                  "tokenizer.json", "tokenizer.gguf"}) {
            if (std::find(names_.begin(), names_.end(), other) == names_.end()) {
                std::error_code ignored;
                fs::remove(folder_ / other, ignored);
            }
        }
    }
    return paths;
}

} // namespace planish
