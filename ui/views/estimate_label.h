// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "experiment/estimate.h"

#include <QLabel>
#include <optional>

namespace planish {

/// Time and memory of the run that would start now; its parts as the tool tip.
class EstimateLabel final : public QLabel {
    Q_OBJECT
  public:
    explicit EstimateLabel(QWidget* parent = nullptr);

    /// Nothing: `problem` says why, "" when it is not known yet.
    void setEstimate(const std::optional<RunEstimate>& estimate, const QString& problem);
};

} // namespace planish
