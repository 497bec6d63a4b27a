// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "recipe/recipe.h"

#include <QString>
#include <vector>

namespace planish {

/// One of the user's presets: a recipe file.
struct OwnPreset {
    QString path;
    QString name; ///< of the recipe, or of the file when it cannot be read
    Recipe recipe;
    QString problem; ///< why it cannot be read

    bool operator==(const OwnPreset&) const = default;
};

/// The user's own presets: the recipe files (planish.recipe/1) of one folder.
class OwnPresets {
  public:
    /// Without a folder: "presets" below the user's application data.
    explicit OwnPresets(QString folder = {});

    const QString& folder() const { return folder_; }
    /// By name.
    std::vector<OwnPreset> list() const;
    /// Writes a new file and returns its path. Throws InputError when there is a preset of that name, or the
    /// name is empty.
    QString add(const Recipe& recipe) const;
    /// As add(), in place of the other file.
    QString rename(const OwnPreset& preset, const QString& name) const;
    /// Throws Error when the file cannot be removed.
    void remove(const OwnPreset& preset) const;

  private:
    QString folder_;
};

} // namespace planish
