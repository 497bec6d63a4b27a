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
    /// Pictures are shown in the lightness of the theme.
    QVariant loadResource(int type, const QUrl& name) override;

  protected:
    void resizeEvent(QResizeEvent* event) override;
    void changeEvent(QEvent* event) override;

  private:
    /// Shows the page anew, with pictures no wider than there is room; where one was reading stays in view.
    void showPage(const QString& html);

    QString html_;
};

} // namespace planish
