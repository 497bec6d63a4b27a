// SPDX-License-Identifier: GPL-3.0-or-later
#include "models/own_presets.h"

#include "support/file.h"

#include <QCoreApplication>
#include <QDir>
#include <QRegularExpression>
#include <QStandardPaths>
#include <algorithm>

namespace planish {

namespace {

/// The texts of this file, under one heading for translators.
struct Text {
    Q_DECLARE_TR_FUNCTIONS(OwnPresets)
};

QString fileName(const QString& name) {
    static const QRegularExpression unfit(QStringLiteral("[^\\w.-]+"),
                                          QRegularExpression::UseUnicodePropertiesOption);
    return QString(name).replace(unfit, QStringLiteral("-")).left(80);
}

} // namespace

OwnPresets::OwnPresets(QString folder) : folder_(std::move(folder)) {
    if (folder_.isEmpty()) {
        folder_ =
            QStandardPaths::writableLocation(QStandardPaths::AppDataLocation) + QStringLiteral("/presets");
    }
}

std::vector<OwnPreset> OwnPresets::list() const {
    std::vector<OwnPreset> presets;
    for (const QFileInfo& file :
         QDir(folder_).entryInfoList({QStringLiteral("*.json")}, QDir::Files, QDir::Name)) {
        OwnPreset preset{file.absoluteFilePath(), file.completeBaseName(), {}, {}};
        try {
            preset.recipe = Recipe::fromFile(preset.path.toStdString());
            preset.name = QString::fromStdString(preset.recipe.name);
        } catch (const Error& error) {
            preset.problem = QString::fromUtf8(error.what());
        }
        presets.push_back(std::move(preset));
    }
    std::ranges::stable_sort(presets, [](const OwnPreset& a, const OwnPreset& b) {
        return QString::localeAwareCompare(a.name, b.name) < 0;
    });
    return presets;
}

QString OwnPresets::add(const Recipe& recipe) const {
    const QString name = QString::fromStdString(recipe.name);
    if (name.isEmpty()) {
        throw InputError(Text::tr("A preset needs a name.").toStdString());
    }
    if (std::ranges::count(list(), name, &OwnPreset::name) > 0) {
        throw InputError(Text::tr("There is a preset \"%1\": choose another name, or delete that one.")
                             .arg(name)
                             .toStdString());
    }
    const QString start = folder_ + QLatin1Char('/') + fileName(name);
    QString path = start + QStringLiteral(".json");
    for (int i = 2; QFileInfo::exists(path); ++i) { // another name that becomes the same file name
        path = start + QStringLiteral("-%1.json").arg(i);
    }
    QDir().mkpath(folder_);
    replaceFile(path.toStdString(), recipe.toJson().dump(2) + "\n");
    return path;
}

QString OwnPresets::rename(const OwnPreset& preset, const QString& name) const {
    Recipe recipe = preset.recipe;
    recipe.name = name.trimmed().toStdString();
    const QString path = add(recipe);
    remove(preset);
    return path;
}

void OwnPresets::remove(const OwnPreset& preset) const {
    if (!QFile::remove(preset.path)) {
        throw Error(Text::tr("%1 could not be removed.").arg(preset.path).toStdString());
    }
}

} // namespace planish
