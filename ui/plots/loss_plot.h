// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "experiment/run.h"
#include "plots/themed_plot.h"

namespace planish {

/// The divergence of each step of a run's training over the tokens seen: the steps as dots, their mean over
/// neighbours as a line. Steps up are roundings.
class LossPlot final : public ThemedPlot {
    Q_OBJECT
  public:
    explicit LossPlot(QWidget* parent = nullptr);
    void show(const RunRecord& run);

  protected:
    void recolor() override;

  private:
    QCPGraph* steps_;
    QCPGraph* mean_;
};

} // namespace planish
