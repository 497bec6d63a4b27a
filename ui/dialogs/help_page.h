// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QTextBrowser>
#include <vector>

class QAction;

namespace planish {

/// One page: what the workbench does, what its numbers mean, and the keys.
class HelpPage final : public QTextBrowser {
    Q_OBJECT
  public:
    /// Commands whose keys work in one place.
    struct Commands {
        QString place;
        std::vector<const QAction*> actions;
    };

    explicit HelpPage(QWidget* parent = nullptr);

    /// Lists their keys at the end of the page, as they are now.
    void setCommands(const std::vector<Commands>& groups);
};

} // namespace planish
