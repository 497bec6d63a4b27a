// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QWidget>

class QLabel;
class QPushButton;

namespace planish {

/// How much room the statistics and trainings kept on disk take, and a button that removes them. Looks into
/// the folder whenever it is shown.
class CacheRow final : public QWidget {
    Q_OBJECT
  public:
    explicit CacheRow(QWidget* parent = nullptr);

  protected:
    void showEvent(QShowEvent* event) override;

  private:
    void clear();
    void update();

    QLabel* usage_ = nullptr;
    QPushButton* clear_ = nullptr;
};

} // namespace planish
