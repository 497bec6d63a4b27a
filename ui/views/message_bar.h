// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QFrame>

class QLabel;

namespace planish {

/// One message at the top of the window: what failed and what to do. It never asks for anything and stays
/// until it is closed or another message comes.
class MessageBar final : public QFrame {
    Q_OBJECT
  public:
    enum class Kind { information, failure };

    explicit MessageBar(QWidget* parent = nullptr);

    void showMessage(Kind kind, const QString& text);
    QString text() const;

  protected:
    void changeEvent(QEvent* event) override;

  private:
    void applyColors();

    QLabel* symbol_;
    QLabel* label_;
    Kind kind_ = Kind::information;
};

} // namespace planish
