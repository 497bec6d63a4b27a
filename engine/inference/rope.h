// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "model/config.h"
#include "support/matrix.h"

#include <span>

namespace planish {

/// Cosines and sines of the rotary angles position · frequency, for positions 0 … positions-1.
/// Frequencies theta^(-2i/headSize) (Su et al. 2021), with Llama 3's scaling by wavelength when the model has
/// it.
class RopeTable {
  public:
    RopeTable(const ModelConfig& config, std::size_t positions);

    std::span<const float> cosines(std::size_t position) const; ///< [headSize / 2]
    std::span<const float> sines(std::size_t position) const;   ///< [headSize / 2]

  private:
    Matrix cosines_;
    Matrix sines_;
};

} // namespace planish
