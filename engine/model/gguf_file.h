// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "model/gguf_header.h"

#include <filesystem>
#include <memory>
#include <string_view>
#include <vector>

namespace planish {

/// A model in the format of llama.cpp: one GGUF file, or all files that one was split into
/// (NAME-00001-of-00003.gguf), seen as one set of tensors. Thread-safe after construction.
class GgufFile {
  public:
    struct Location {
        std::shared_ptr<const ReadOnlyFile> file;
        const GgufTensor* tensor = nullptr;
    };

    /// `path` is the file, or any of the split ones. Throws InputError naming file, field, expected and
    /// found; also when a part is missing or two have a tensor of the same name.
    explicit GgufFile(const std::filesystem::path& path);

    /// Of the first file, the only one that has it all.
    const GgufMetadata& metadata() const { return parts_.front().header.metadata; }
    /// `tensor` is null when there is none of that name.
    Location find(std::string_view name) const;
    /// Calls visit(file, tensor) for every tensor.
    template <typename Visit>
    void forEach(const Visit& visit) const {
        for (const Part& part : parts_) {
            for (const GgufTensor& tensor : part.header.tensors) {
                visit(*part.file, tensor);
            }
        }
    }
    std::string path() const { return parts_.front().file->path().string(); }

  private:
    struct Part {
        std::shared_ptr<const ReadOnlyFile> file;
        GgufHeader header;
    };
    static Part open(const std::filesystem::path& path);

    std::vector<Part> parts_; ///< in their order
};

/// A file's name without ".gguf" and, of a split one, without its number: what the model is called.
std::string ggufModelName(const std::filesystem::path& path);

} // namespace planish
