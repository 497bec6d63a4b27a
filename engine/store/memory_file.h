// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "store/hdf5_handles.h"

#include <cstddef>
#include <memory>
#include <optional>
#include <string_view>

namespace planish::hdf5 {

/// The bytes of a complete HDF5 file, owned.
class FileImage {
  public:
    FileImage(std::unique_ptr<char[], void (*)(char*)> bytes, std::size_t size)
        : bytes_(std::move(bytes)), size_(size) {}
    std::string_view bytes() const { return {bytes_.get(), size_}; }

  private:
    std::unique_ptr<char[], void (*)(char*)> bytes_;
    std::size_t size_;
};

/// A new HDF5 file that lives in memory only, in the checksummed format of HDF5 1.8.
class MemoryFile {
  public:
    MemoryFile();
    ~MemoryFile();
    MemoryFile(MemoryFile&&) noexcept;
    MemoryFile& operator=(MemoryFile&&) = delete;

    hid_t get() const;
    /// Closes the file, as all its groups and datasets must be, and gives its bytes. They are taken from the
    /// library at its close: H5Fget_file_image of 1.10 spoils the checksum of the superblock.
    FileImage close();

  private:
    struct Buffer;
    std::unique_ptr<Buffer> buffer_; // outlives the file, which writes to it when it is closed
    std::optional<Handle> file_;
};

} // namespace planish::hdf5
