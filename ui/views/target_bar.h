// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "models/target_mix.h"

#include <QWidget>

class QCheckBox;
class QDoubleSpinBox;
class QLabel;
class QPushButton;

namespace planish {

/// The size one aims at, and the best mix for it: the target handle of the frontier for the keyboard; and the
/// loss one accepts.
class TargetBar final : public QWidget {
    Q_OBJECT
  public:
    explicit TargetBar(TargetMix& target, QWidget* parent = nullptr);

    /// The ΔPPL one accepts, in percent; nothing: any.
    std::optional<double> ceiling() const;
    void setCeiling(std::optional<double> deltaPercent);

  signals:
    void ceilingChanged();
    /// The mix, or the best recorded recipe, is to be edited.
    void recipeWanted(const planish::Recipe& recipe);
    void measureRequested();

  protected:
    void changeEvent(QEvent* event) override;

  private:
    void showTarget();
    void showAnswer();
    void useAnswer();

    TargetMix& target_;
    QCheckBox* on_;
    QDoubleSpinBox* compression_;
    QCheckBox* limited_;
    QDoubleSpinBox* loss_;
    QLabel* answer_;
    QPushButton* use_;
};

} // namespace planish
