// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QFrame>

class QHBoxLayout;
class QLabel;
class QPushButton;

namespace planish {

/// A line of text with buttons above the thing it is about: what went wrong, or what is being looked at.
/// Never in the way: nothing waits for an answer.
class NoticeBar : public QFrame {
    Q_OBJECT

  public:
    enum class Kind { information, problem };
    explicit NoticeBar(Kind kind, QWidget* parent = nullptr);

    QPushButton* addButton(const QString& text);
    void showText(const QString& text);
    QString text() const;

  protected:
    void changeEvent(QEvent* event) override;

  private:
    void applyColours();

    Kind kind_;
    QHBoxLayout* layout_;
    QLabel* label_;
    bool applying_ = false;
};

} // namespace planish
