// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "codec/rounding.h"

#include <optional>

namespace planish {

/// Keeps the best group parameters seen so far. Every candidate is judged as it will be stored, so the result
/// never gets worse by storing it.
class ParameterSearch {
  public:
    ParameterSearch(const GroupProblem& problem, GroupParameters start);

    const GroupParameters& best() const { return best_; }
    double squaredError() const { return error_; }
    /// Root of the weighted mean squared error of the best so far: the natural step for moving its bounds.
    double typicalError() const;

    /// Where the first and the last level of the best lie.
    double low() const;
    double high() const;
    /// Tries a grid from `low` to `high`. Without offsets only the width counts.
    bool tryBounds(double low, double high);
    /// Tries the least-squares scale and offset for the levels of the best.
    bool tryRefit();

  private:
    bool consider(double scale, double offset);

    const GroupProblem& problem_;
    const Grid& grid_;
    GroupParameters best_;
    double error_;
    std::optional<GroupParameters> refitted_; ///< of whose levels the refit is known
    double totalImportance_ = 0;
};

} // namespace planish
