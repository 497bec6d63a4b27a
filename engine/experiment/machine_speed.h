// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "algebra/arithmetic.h"
#include "codec/codec.h"
#include "support/workers.h"

#include <map>
#include <string>

namespace planish {

/// What this machine does, measured for some milliseconds each when first asked for.
class MachineSpeed {
  public:
    /// `workers` must outlive this.
    explicit MachineSpeed(Workers& workers) : workers_(workers) {}

    int threads() const { return workers_.threads(); }
    /// Floating point operations a second of matrix products, all threads together.
    double products(Arithmetic arithmetic);
    /// Exponentials a second, all threads together.
    double exponentials();
    /// Weights a second that a codec encodes and decodes again on one thread, of a few random rows; where it
    /// needs statistics of inputs, what it does with nearest rounding.
    double weights(const Codec& codec);

  private:
    Workers& workers_;
    std::map<Arithmetic, double> products_;
    double exponentials_ = 0;
    std::map<std::string, double> weights_; ///< by codec
};

} // namespace planish
