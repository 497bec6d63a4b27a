// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "recipe/recipe.h"

#include <QMenu>
#include <functional>

namespace planish {

/// The recipes that come with the program, and recipe files (planish.recipe/1) to read and write.
class PresetsMenu : public QMenu {
    Q_OBJECT

  public:
    /// `current` gives the recipe that saving writes.
    PresetsMenu(std::function<Recipe()> current, QWidget* parent = nullptr);

    /// Reads a recipe file; emits recipeChosen or failed.
    void load(const QString& path);
    /// Writes the current recipe; emits saved or failed.
    void save(const QString& path);
    /// Whether there is a model to use recipes with.
    void setModelOpen(bool open);

  signals:
    /// `undoText` says where it is from.
    void recipeChosen(const planish::Recipe& recipe, const QString& undoText);
    void saved(const QString& path);
    void failed(const QString& message);

  private:
    void addPresets();
    void askForFileToLoad();
    void askForFileToSave();

    std::function<Recipe()> current_;
};

} // namespace planish
