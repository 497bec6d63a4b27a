// SPDX-License-Identifier: GPL-3.0-or-later
#include "model/model_files.h"

#include "model/weight_map.h"
#include "support/error.h"

#include <fmt/format.h>

#include <system_error>

namespace planish {
namespace {

constexpr const char* singleFile = "model.safetensors";
constexpr const char* indexFile = "model.safetensors.index.json";
constexpr std::size_t mostShards = 1000;

bool isThere(const std::filesystem::path& path) {
    std::error_code ignored;
    return std::filesystem::symlink_status(path, ignored).type() != std::filesystem::file_type::not_found &&
           !ignored;
}

/// A folder without safetensors: say why what is there instead cannot be used.
[[noreturn]] void failWithoutWeights(const std::filesystem::path& folder) {
    for (const char* name : {"pytorch_model.bin", "pytorch_model.bin.index.json", "consolidated.00.pth",
                             "model.pt", "model.ckpt"}) {
        if (isThere(folder / name)) {
            throw InputError(folder.string(), "weights", fmt::format("{} or {}", singleFile, indexFile),
                             fmt::format("{}, a pickle file: loading one can run any program, so it is not "
                                         "opened; convert the model to safetensors first",
                                         name));
        }
    }
    throw InputError(folder.string(), "weights", fmt::format("{} or {}", singleFile, indexFile), "neither");
}

/// Shards must be plain files of the model folder itself.
void checkShardName(const std::string& name, const std::string& index, const std::string& field) {
    const bool plain = !name.empty() && name.size() <= 255 && name.find('/') == std::string::npos &&
                       name.find('\0') == std::string::npos && name.ends_with(".safetensors");
    if (!plain) {
        throw InputError(index, field, "the name of a .safetensors file in the same folder", name);
    }
}

} // namespace

ModelFiles::ModelFiles(const std::filesystem::path& folder) {
    if (isThere(folder / singleFile)) {
        listing_ = (folder / singleFile).string();
        files_.emplace_back(folder / singleFile);
    } else if (isThere(folder / indexFile)) {
        listing_ = (folder / indexFile).string();
        openShards(folder / indexFile);
        rejectDuplicates();
    } else {
        failWithoutWeights(folder);
    }
}

void ModelFiles::openShards(const std::filesystem::path& index) {
    std::unordered_map<std::string, std::size_t> shards;
    for (const auto& [tensor, name] : readWeightMap(listing_)) {
        const std::string field = "weight_map." + tensor;
        const auto [at, isNew] = shards.try_emplace(name, files_.size());
        if (isNew) {
            checkShardName(name, listing_, field);
            if (files_.size() == mostShards) {
                throw InputError(listing_, "weight_map", fmt::format("at most {} files", mostShards), "more");
            }
            if (!isThere(index.parent_path() / name)) {
                throw InputError(listing_, field, "a file of the same folder", name + ", which is missing");
            }
            files_.emplace_back(index.parent_path() / name);
        }
        if (files_[at->second].find(tensor) == nullptr) {
            throw InputError(listing_, field, "a file that holds this tensor", name + ", which does not");
        }
        shardOf_.emplace(tensor, at->second);
    }
}

void ModelFiles::rejectDuplicates() const {
    std::unordered_map<std::string_view, const SafetensorsFile*> seen;
    for (const SafetensorsFile& file : files_) {
        for (const SafetensorsEntry& entry : file.entries()) {
            const auto [at, isNew] = seen.try_emplace(entry.name, &file);
            if (!isNew) {
                throw InputError(file.path(), entry.name, "each tensor in one file only",
                                 "it in " + at->second->path() + " too");
            }
        }
    }
}

ModelFiles::Location ModelFiles::find(const std::string& storedName) const {
    const SafetensorsFile* file = nullptr;
    if (listing_.ends_with(indexFile)) {
        const auto at = shardOf_.find(storedName);
        file = at == shardOf_.end() ? nullptr : &files_[at->second];
    } else {
        file = &files_.front();
    }
    const SafetensorsEntry* entry = file == nullptr ? nullptr : file->find(storedName);
    return {entry == nullptr ? nullptr : file, entry};
}

ModelFiles::Location ModelFiles::locate(const std::string& storedName) const {
    const Location found = find(storedName);
    if (found.entry == nullptr) {
        throw InputError(listing_, storedName, "this tensor, which config.json implies", "none");
    }
    return found;
}

} // namespace planish
