// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "models/own_presets.h"

#include <QMenu>
#include <functional>

namespace planish {

/// The recipes that come with the program, the user's own, and recipe files (planish.recipe/1) to read and
/// write.
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
    /// Keeps the current recipe as a preset of this name; emits saved or failed.
    void keep(const QString& name);
    /// The user's own presets, as entries of the menu.
    const QList<QAction*>& ownActions() const { return ownActions_; }

  signals:
    /// `undoText` says where it is from.
    void recipeChosen(const planish::Recipe& recipe, const QString& undoText);
    void saved(const QString& path);
    void failed(const QString& message);

  private:
    void addPresets();
    void addRecipe(QAction* action, const Recipe& recipe, const QString& summary);
    void updateOwn();
    void askForName();
    void manage();
    void askForFileToLoad();
    void askForFileToSave();

    std::function<Recipe()> current_;
    OwnPresets own_;
    QAction* ownTitle_ = nullptr;
    QAction* ownEnd_ = nullptr; ///< the user's own stand before it
    QList<QAction*> ownActions_;
    bool modelOpen_ = false;
};

} // namespace planish
