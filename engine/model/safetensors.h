// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "model/stored_tensor.h"
#include "support/file.h"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace planish {

/// One tensor as the header of a safetensors file describes it, checked.
struct SafetensorsEntry {
    std::string name;
    std::string type;                 ///< "BF16", "F32", … as written
    std::vector<std::uint64_t> shape; ///< at most 8 sizes, all positive; their product fits `bytes`
    std::uint64_t offset = 0;         ///< of the first value, from the start of the file
    std::uint64_t bytes = 0;
};

/// "[2048, 256]".
std::string shapeText(std::span<const std::uint64_t> shape);

/// The codec of a tensor's numbers: bf16, fp16 or fp32. Throws InputError naming `file` for others.
Codec numberCodec(const std::string& file, const SafetensorsEntry& entry);

/// A .safetensors file: header length (8 bytes), header (JSON), values. The header is checked completely
/// before anything is believed: known types, sizes without overflow, and values that cover the rest of the
/// file without gap or overlap. Thread-safe after construction.
class SafetensorsFile {
  public:
    /// Throws InputError naming file, field, expected and found.
    explicit SafetensorsFile(const std::filesystem::path& path);

    /// Where a tensor's bytes are.
    FileRange range(const SafetensorsEntry& entry) const { return {file_, entry.offset, entry.bytes}; }
    std::string path() const { return file_->path().string(); }
    /// Sorted by name, each name once.
    const std::vector<SafetensorsEntry>& entries() const { return entries_; }
    /// Null when there is none of that name.
    const SafetensorsEntry* find(std::string_view name) const;

  private:
    std::shared_ptr<const ReadOnlyFile> file_;
    std::vector<SafetensorsEntry> entries_;
};

} // namespace planish
