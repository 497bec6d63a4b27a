// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "model/safetensors.h"

#include <filesystem>
#include <string>
#include <unordered_map>
#include <vector>

namespace planish {

/// The safetensors files of a Hugging Face folder seen as one set of tensors: model.safetensors alone, or the
/// shards that model.safetensors.index.json names. Thread-safe after construction.
class ModelFiles {
  public:
    struct Location {
        const SafetensorsFile* file = nullptr;
        const SafetensorsEntry* entry = nullptr;
    };

    /// Throws InputError when files are missing or malformed, when the index and the shards disagree, or when
    /// a tensor is in two shards; formats that could run code (pickle) are refused saying so.
    explicit ModelFiles(const std::filesystem::path& folder);

    /// Where the tensor of this stored name is; throws InputError naming the file that should have it.
    Location locate(const std::string& storedName) const;
    /// The same with nulls where there is none.
    Location find(const std::string& storedName) const;

  private:
    void openShards(const std::filesystem::path& index);
    void rejectDuplicates() const;

    std::string listing_; ///< the file that says which tensors there are: the single file or the index
    std::vector<SafetensorsFile> files_;
    std::unordered_map<std::string, std::size_t> shardOf_; ///< by stored name; empty for a single file
};

} // namespace planish
