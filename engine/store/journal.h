// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace planish {

/// The folder "<document>.journal": one small results document a finished run, named by its place in the
/// order of recording and the run, such as "00000012-0123456789abcdef.h5".
class Journal {
  public:
    struct Entry {
        std::filesystem::path path;
        std::uint64_t sequence;
        std::string runId;
    };

    explicit Journal(const std::filesystem::path& document);

    const std::filesystem::path& folder() const { return folder_; }
    /// Complete files, in the order of recording.
    std::vector<Entry> entries() const;
    /// Files that were found damaged and kept aside.
    std::vector<std::filesystem::path> damaged() const;

    /// Commits the image of a run's file: after the return it survives a kill.
    void add(const std::string& runId, std::string_view image) const;
    /// Renames a file that cannot be read, so that it is neither lost nor read again.
    static void setAside(const Entry& entry);
    static void remove(const std::vector<Entry>& entries);
    /// Removes what killed writers left unfinished, and the folder when it is empty. Only for the writer.
    void tidy() const;

  private:
    std::filesystem::path folder_;
};

/// Writes `content` over `path` as a whole (see replaceFile) after checking that the disk has room for twice
/// as much. Throws Error saying where and how many bytes are needed.
void commitFile(const std::filesystem::path& path, std::string_view content);

} // namespace planish
