// SPDX-License-Identifier: GPL-3.0-or-later
#include "views/presets_menu.h"

#include "dialogs/presets_dialog.h"
#include "support/file.h"

#include <QFileDialog>
#include <QInputDialog>
#include <QRegularExpression>

namespace planish {

namespace {

QString recipeFiles() {
    return PresetsMenu::tr("Recipes (*.json);;All files (*)");
}

QFileDialog* fileDialog(QWidget* parent, const QString& title) {
    auto* dialog = new QFileDialog(parent, title, QString(), recipeFiles());
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    return dialog;
}

} // namespace

PresetsMenu::PresetsMenu(std::function<Recipe()> current, QWidget* parent)
    : QMenu(tr("&Presets"), parent), current_(std::move(current)) {
    setToolTipsVisible(true);
    addPresets();
    ownTitle_ = addSection(tr("Your own"));
    ownEnd_ = addSeparator();
    addAction(tr("&Keep as a preset…"), this, &PresetsMenu::askForName);
    addAction(tr("&Manage your presets…"), this, &PresetsMenu::manage);
    addSeparator();
    addAction(tr("&Load Recipe…"), this, &PresetsMenu::askForFileToLoad);
    addAction(tr("&Save Recipe As…"), this, &PresetsMenu::askForFileToSave);
    setModelOpen(false);
    connect(this, &QMenu::aboutToShow, this, &PresetsMenu::readOwn);
    ownTitle_->setVisible(false);
    readOwn();
}

void PresetsMenu::addRecipe(QAction* action, const Recipe& recipe, const QString& summary) {
    action->setToolTip(summary);
    action->setStatusTip(summary);
    connect(action, &QAction::triggered, this, [this, recipe] {
        emit recipeChosen(recipe, tr("Use preset \"%1\"").arg(QString::fromStdString(recipe.name)));
    });
}

void PresetsMenu::readOwn() {
    files_.addWork(
        [this, own = own_]() -> SerialTask::Completion {
            return [this, presets = own.list()] { showOwn(presets); };
        },
        [this](const QString& error) { emit failed(error); });
}

void PresetsMenu::showOwn(const std::vector<OwnPreset>& presets) {
    if (presets == shownOwn_) {
        return; // the menu is open: its entries stay
    }
    shownOwn_ = presets;
    qDeleteAll(ownActions_);
    ownActions_.clear();
    for (const OwnPreset& preset : presets) {
        auto* action = new QAction(preset.name, this);
        action->setEnabled(modelOpen_ && preset.problem.isEmpty());
        addRecipe(action, preset.recipe, preset.problem.isEmpty() ? preset.path : preset.problem);
        insertAction(ownEnd_, action);
        ownActions_.append(action);
    }
    ownTitle_->setVisible(!ownActions_.isEmpty());
    emit ownChanged();
}

void PresetsMenu::askForName() {
    auto* dialog = new QInputDialog(parentWidget());
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setWindowTitle(tr("Keep as a preset"));
    dialog->setLabelText(tr("Name of the preset:"));
    dialog->setTextValue(QString::fromStdString(current_().name));
    connect(dialog, &QInputDialog::textValueSelected, this, &PresetsMenu::keep);
    dialog->open();
}

void PresetsMenu::keep(const QString& name) {
    Recipe recipe = current_();
    recipe.name = name.trimmed().toStdString();
    files_.addWork(
        [this, own = own_, recipe]() -> SerialTask::Completion {
            return [this, path = own.add(recipe), presets = own.list()] {
                showOwn(presets);
                emit saved(path);
            };
        },
        [this](const QString& error) { emit failed(error); });
}

void PresetsMenu::manage() {
    auto* dialog = new PresetsDialog(own_, parentWidget());
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->open();
}

void PresetsMenu::addPresets() {
    try {
        for (const RecipePreset& preset : recipePresets()) {
            const QString name = QString::fromStdString(preset.recipe.name);
            addRecipe(addAction(name), preset.recipe, QString::fromStdString(preset.summary));
        }
    } catch (const Error& error) {
        QAction* action = addAction(tr("The presets are damaged"));
        action->setToolTip(QString::fromUtf8(error.what()));
        action->setEnabled(false);
    }
}

void PresetsMenu::setModelOpen(bool open) {
    modelOpen_ = open;
    for (QAction* action : actions()) {
        action->setEnabled(open);
    }
}

void PresetsMenu::load(const QString& path) {
    files_.addWork(
        [this, path]() -> SerialTask::Completion {
            return [this, recipe = Recipe::fromFile(path.toStdString())] {
                emit recipeChosen(recipe, tr("Load recipe \"%1\"").arg(QString::fromStdString(recipe.name)));
            };
        },
        [this](const QString& error) { emit failed(error); });
}

void PresetsMenu::save(const QString& path) {
    files_.addWork(
        [this, path, text = current_().toJson().dump(2) + "\n"]() -> SerialTask::Completion {
            replaceFile(path.toStdString(), text);
            return [this, path] { emit saved(path); };
        },
        [this](const QString& error) { emit failed(error); });
}

void PresetsMenu::askForFileToLoad() {
    QFileDialog* dialog = fileDialog(parentWidget(), tr("Load recipe"));
    dialog->setFileMode(QFileDialog::ExistingFile);
    connect(dialog, &QFileDialog::fileSelected, this, &PresetsMenu::load);
    dialog->open();
}

void PresetsMenu::askForFileToSave() {
    QFileDialog* dialog = fileDialog(parentWidget(), tr("Save recipe"));
    dialog->setAcceptMode(QFileDialog::AcceptSave);
    dialog->setDefaultSuffix(QStringLiteral("json"));
    static const QRegularExpression unfit(QStringLiteral("[^\\w.-]+"),
                                          QRegularExpression::UseUnicodePropertiesOption);
    dialog->selectFile(QString::fromStdString(current_().name).replace(unfit, QStringLiteral("-")));
    connect(dialog, &QFileDialog::fileSelected, this, &PresetsMenu::save);
    dialog->open();
}

} // namespace planish
