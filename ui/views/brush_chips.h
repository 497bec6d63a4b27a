// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "models/run_brushes.h"

#include <QFrame>

namespace planish {

/// The intervals that filter the runs, one chip each, above what they filter: a click removes one. Not there
/// while there are none.
class BrushChips final : public QFrame {
    Q_OBJECT
  public:
    explicit BrushChips(RunBrushes& brushes, QWidget* parent = nullptr);

  private:
    void update();

    RunBrushes& brushes_;
    QWidget* chips_ = nullptr;
};

} // namespace planish
