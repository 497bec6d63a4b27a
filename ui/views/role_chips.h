// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QSet>
#include <QStyledItemDelegate>
#include <QToolButton>
#include <QWidget>
#include <vector>

namespace planish {

/// The background of a coarse role ("attention"), light or dark as the palette is; the hues stay apart for
/// colour-blind eyes (Okabe and Ito, 2008). Base for a role without a hue.
QColor roleTint(const QString& group, const QPalette& palette);

/// A small rounded button in the colour of its role.
class RoleChip : public QToolButton {
    Q_OBJECT

  public:
    RoleChip(QString role, QString group, const QString& title, QWidget* parent);
    const QString& role() const { return role_; }
    QSize sizeHint() const override;
    QSize minimumSizeHint() const override { return sizeHint(); }

  protected:
    void paintEvent(QPaintEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;

  private:
    QString role_;
    QString group_;
};

/// One chip a role, wrapping to the width there is. A chip selects all tensors of its role; it is down while
/// they are all selected. One of them takes the focus by Tab; arrow keys go to the others.
class RoleChips : public QWidget {
    Q_OBJECT

  public:
    explicit RoleChips(QWidget* parent = nullptr);

    /// Hides the chips of roles the model does not have.
    void showPresent(const QSet<QString>& roles);
    /// Which chips are down.
    void showSelected(const QSet<QString>& roles);
    RoleChip* chip(const QString& role) const;
    /// Puts the chips behind another widget in the order of Tab and returns the last of them.
    QWidget* lineUpBehind(QWidget* before);

  protected:
    void keyPressEvent(QKeyEvent* event) override;

  signals:
    /// A chip was clicked: select its tensors or take them out; with Ctrl or Shift held the others stay.
    void roleClicked(const QString& role, bool select, bool keepOthers);

  private:
    /// The one that Tab goes to.
    void setTabStop(const RoleChip* chip);

    std::vector<RoleChip*> chips_;
};

/// Draws the role column as small chips.
class RoleDelegate : public QStyledItemDelegate {
    Q_OBJECT

  public:
    using QStyledItemDelegate::QStyledItemDelegate;
    void paint(QPainter* painter, const QStyleOptionViewItem& option,
               const QModelIndex& index) const override;
};

} // namespace planish
