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
    QSize minimumSizeHint() const override;

  protected:
    void changeEvent(QEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;

  private:
    void applyColours();
    void arrange(int room);

    Kind kind_;
    QHBoxLayout* layout_;
    QHBoxLayout* buttons_;
    QLabel* label_;
    bool applying_ = false;
};

} // namespace planish
