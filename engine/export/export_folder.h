// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace planish {

/// Throws InputError where something has that name.
void requireNoFile(const std::filesystem::path& path);

/// The files of an export while they are made: in a hidden folder inside the one they are meant for, with
/// their final names, so that they can be opened and compared before anybody sees them. They all go when this
/// ends before commit().
class ExportFolder {
  public:
    /// Makes `folder`. Throws InputError when it cannot be made.
    ExportFolder(std::filesystem::path folder, bool overwrite);
    ~ExportFolder();
    ExportFolder(const ExportFolder&) = delete;
    ExportFolder& operator=(const ExportFolder&) = delete;

    /// Where to write a file. Throws InputError when the folder has one of that name and may not be changed.
    std::filesystem::path add(const std::string& name);
    /// Where the files are now.
    const std::filesystem::path& place() const { return unfinished_; }
    /// Throws InputError when the disk has less room than that.
    void requireRoom(std::uint64_t bytes) const;
    /// Renames the files, which are written and synced, into the folder; returns their paths. In a folder
    /// that is opened as a model, files of other formats that would be read in their place are removed when
    /// files may be overwritten.
    std::vector<std::filesystem::path> commit(bool isModelFolder);

  private:
    std::filesystem::path folder_;
    std::filesystem::path unfinished_;
    bool overwrite_;
    bool made_ = false;
    std::vector<std::string> names_;
};

} // namespace planish
