// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QObject>

class QMenu;

namespace planish {

/// What was opened lately, newest first, kept in the settings.
class RecentFiles final : public QObject {
    Q_OBJECT
  public:
    explicit RecentFiles(QObject* parent = nullptr);

    void add(const QString& path);
    QStringList paths() const;
    /// A menu that lists what still exists when it is opened.
    QMenu* menu(const QString& title, QWidget* parent);

  signals:
    void chosen(const QString& path);
};

} // namespace planish
