// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "support/file.h"
#include "support/sha256.h"

#include <fstream>

namespace planish {

// Files of content and, at their end, the SHA-256 of a key and that content, lower-case hexadecimal. The key
// makes a file under another's name a damaged one.

/// Bytes at the end of such a file.
inline constexpr std::size_t checkedFileDigest = 64;

class CheckedFileWriter {
  public:
    CheckedFileWriter(const std::filesystem::path& path, const std::string& key);
    void write(std::span<const std::byte> bytes);
    /// Writes the digest. Throws Error when anything could not be written; part of it may be there then.
    void finish();

  private:
    std::filesystem::path path_;
    std::ofstream file_;
    Sha256 hash_;
};

/// Reads from the beginning. Throws Error when the file is missing or shorter than what is asked for.
class CheckedFileReader {
  public:
    CheckedFileReader(const std::filesystem::path& path, const std::string& key);
    const std::filesystem::path& path() const { return file_.path(); }
    std::uint64_t size() const { return file_.size(); } ///< of the whole file, bytes
    void read(std::span<std::byte> out);
    /// Reads the digest; throws InputError when it is not that of what was read before.
    void check();

  private:
    ReadOnlyFile file_;
    std::uint64_t offset_ = 0;
    Sha256 hash_;
};

} // namespace planish
