// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "algebra/gemm.h"
#include "codec/input_statistics.h"

namespace planish {

/// What errors of weights cost in the outputs, for several of them against the same inputs.
class OutputError {
  public:
    /// `workers` and `monitor` must outlive this.
    OutputError(const InputStatistics& inputs, Workers& workers, const JobMonitor& monitor);
    /// tr(E H Eᵀ) of errors [rows, columns]: the expected square of what they add to the outputs. Rows in
    /// parallel, summed in double in a fixed order. Throws Cancelled.
    double of(const Matrix& errors) const;

  private:
    Workers& workers_;
    const JobMonitor& monitor_;
    PackedMatrix hessian_;
};

} // namespace planish
