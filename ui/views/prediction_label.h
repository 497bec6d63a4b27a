// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "models/cost_table.h"

#include <QLabel>

namespace planish {

/// What a recipe is predicted to cost, below it: "Predicted ΔPPL +2.1 ± 0.2 %", or how to find out.
class PredictionLabel final : public QLabel {
    Q_OBJECT
  public:
    explicit PredictionLabel(QWidget* parent = nullptr);

    void showCosts(const CostTable& costs, const RecipeEditor& recipe);

  signals:
    void measureRequested();

  protected:
    void changeEvent(QEvent* event) override;
};

} // namespace planish
