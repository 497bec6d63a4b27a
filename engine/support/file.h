// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <string_view>

namespace planish {

/// A file open for reading at any position, without a mapping: a file that is truncated or vanishes meanwhile
/// gives an Error, never a signal. Thread-safe.
class ReadOnlyFile {
  public:
    /// Throws InputError when `path` is missing, unreadable or no regular file.
    explicit ReadOnlyFile(const std::filesystem::path& path);
    ~ReadOnlyFile();
    ReadOnlyFile(ReadOnlyFile&& other) noexcept;
    ReadOnlyFile& operator=(ReadOnlyFile&&) = delete;

    const std::filesystem::path& path() const { return path_; }
    /// Bytes, as found when opened.
    std::uint64_t size() const { return size_; }
    /// Fills `out` from `offset`; throws Error naming the file when it is shorter than that by now.
    void read(std::uint64_t offset, std::span<std::byte> out) const;

  private:
    std::filesystem::path path_;
    int descriptor_ = -1;
    std::uint64_t size_ = 0;
};

/// A new file filled at any position. Thread-safe but for close(), which comes last.
class NewFile {
  public:
    /// Empties an existing `path`. Messages call the file `shownAs` and say that it needs `bytes` in all.
    /// Throws Error when the file cannot be made.
    NewFile(const std::filesystem::path& path, const std::filesystem::path& shownAs, std::uint64_t bytes);
    ~NewFile();
    NewFile(const NewFile&) = delete;
    NewFile& operator=(const NewFile&) = delete;

    /// Throws Error when the disk is full or fails.
    void write(std::uint64_t offset, std::span<const std::byte> content) const;
    /// Throws what the system says only now; the file is not on disk for good before it is synced.
    void close();

  private:
    [[noreturn]] void fail(int code) const;

    std::filesystem::path shownAs_;
    std::uint64_t bytes_;
    int descriptor_ = -1;
};

/// The whole file as bytes; throws InputError when it is larger than `limit` bytes.
std::string readWholeFile(const std::filesystem::path& path, std::uint64_t limit);

/// Writes a file so that at every moment either the old or the whole new content is there: `write` fills a
/// temporary sibling, which is fsynced and renamed over `path`; then the folder is fsynced. Nothing is left
/// behind when `write` or a step throws.
void replaceFile(const std::filesystem::path& path,
                 const std::function<void(const std::filesystem::path& temporary)>& write);

/// Renames a file, written and synced, over whatever is at `to`, on the same disk, and syncs the folder.
/// Throws Error.
void renameFile(const std::filesystem::path& from, const std::filesystem::path& to);

/// replaceFile with `content`.
void replaceFile(const std::filesystem::path& path, std::string_view content);

} // namespace planish
