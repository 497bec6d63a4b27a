// SPDX-License-Identifier: GPL-3.0-or-later
#include "views/presets_menu.h"

#include "support/file.h"

#include <QFileDialog>
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
    addSeparator();
    addAction(tr("&Load Recipe…"), this, &PresetsMenu::askForFileToLoad);
    addAction(tr("&Save Recipe As…"), this, &PresetsMenu::askForFileToSave);
    setModelOpen(false);
}

void PresetsMenu::addPresets() {
    try {
        for (const RecipePreset& preset : recipePresets()) {
            const QString name = QString::fromStdString(preset.recipe.name);
            QAction* action = addAction(name);
            action->setToolTip(QString::fromStdString(preset.summary));
            action->setStatusTip(action->toolTip());
            connect(action, &QAction::triggered, this, [this, recipe = preset.recipe, name] {
                emit recipeChosen(recipe, tr("Use preset \"%1\"").arg(name));
            });
        }
    } catch (const Error& error) {
        QAction* action = addAction(tr("The presets are damaged"));
        action->setToolTip(QString::fromUtf8(error.what()));
        action->setEnabled(false);
    }
}

void PresetsMenu::setModelOpen(bool open) {
    for (QAction* action : actions()) {
        action->setEnabled(open);
    }
}

void PresetsMenu::load(const QString& path) {
    try {
        const Recipe recipe = Recipe::fromFile(path.toStdString());
        emit recipeChosen(recipe, tr("Load recipe \"%1\"").arg(QString::fromStdString(recipe.name)));
    } catch (const Error& error) {
        emit failed(QString::fromUtf8(error.what()));
    }
}

void PresetsMenu::save(const QString& path) {
    try {
        replaceFile(path.toStdString(), current_().toJson().dump(2) + "\n");
        emit saved(path);
    } catch (const Error& error) {
        emit failed(QString::fromUtf8(error.what()));
    }
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
