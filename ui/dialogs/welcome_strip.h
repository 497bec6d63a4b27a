// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QFrame>

class QLabel;

namespace planish {

/// What one can do first, in one line that can be closed for good.
class WelcomeStrip final : public QFrame {
    Q_OBJECT
  public:
    explicit WelcomeStrip(QWidget* parent = nullptr);

  signals:
    void openModelRequested();
    void tryExperimentRequested();
    void helpRequested();
    void dismissed();

  protected:
    void changeEvent(QEvent* event) override;

  private:
    QLabel* text_;
};

} // namespace planish
