// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "jobs/serial_task.h"
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

    /// Reads a recipe file; emits recipeChosen or failed when that is done.
    void load(const QString& path);
    /// Writes the current recipe as it is now; emits saved or failed when that is done.
    void save(const QString& path);
    /// Whether there is a model to use recipes with.
    void setModelOpen(bool open);
    /// Keeps the current recipe as a preset of this name; emits saved or failed when that is done.
    void keep(const QString& name);
    /// The user's own presets as they were read last, as entries of the menu.
    const QList<QAction*>& ownActions() const { return ownActions_; }

  signals:
    /// `undoText` says where it is from.
    void recipeChosen(const planish::Recipe& recipe, const QString& undoText);
    void saved(const QString& path);
    void failed(const QString& message);
    /// The entries of the user's own presets are others.
    void ownChanged();

  private:
    void addPresets();
    void addRecipe(QAction* action, const Recipe& recipe, const QString& summary);
    /// Reads them, and shows them when they are read.
    void readOwn();
    void showOwn(const std::vector<OwnPreset>& presets);
    void askForName();
    void manage();
    void askForFileToLoad();
    void askForFileToSave();

    std::function<Recipe()> current_;
    OwnPresets own_;
    QAction* ownTitle_ = nullptr;
    QAction* ownEnd_ = nullptr; ///< the user's own stand before it
    QList<QAction*> ownActions_;
    std::vector<OwnPreset> shownOwn_;
    bool modelOpen_ = false;
    SerialTask files_;
};

} // namespace planish
