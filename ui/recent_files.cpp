// SPDX-License-Identifier: GPL-3.0-or-later
#include "recent_files.h"

#include <QFileInfo>
#include <QMenu>
#include <QSettings>

namespace planish {

namespace {

constexpr int maximumCount = 10;

QString settingsKey() {
    return QStringLiteral("recent/files");
}

} // namespace

RecentFiles::RecentFiles(QObject* parent) : QObject(parent) {}

QStringList RecentFiles::paths() const {
    return QSettings().value(settingsKey()).toStringList();
}

void RecentFiles::add(const QString& path) {
    const QFileInfo info(path);
    if (!info.exists()) {
        return;
    }
    QStringList list = paths();
    list.removeAll(info.absoluteFilePath());
    list.prepend(info.absoluteFilePath());
    QSettings().setValue(settingsKey(), list.mid(0, maximumCount));
}

QMenu* RecentFiles::menu(const QString& title, QWidget* parent) {
    auto* menu = new QMenu(title, parent);
    connect(menu, &QMenu::aboutToShow, this, [this, menu] {
        menu->clear();
        for (const QString& path : paths()) {
            if (QFileInfo::exists(path)) {
                connect(menu->addAction(path), &QAction::triggered, this,
                        [this, path] { emit chosen(path); });
            }
        }
        if (menu->isEmpty()) {
            menu->addAction(tr("Nothing yet"))->setEnabled(false);
        }
    });
    return menu;
}

} // namespace planish
