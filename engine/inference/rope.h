// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "model/config.h"
#include "support/matrix.h"

#include <optional>
#include <span>

namespace planish {

/// Cosines and sines of the rotary angles position · frequency, for positions 0 … positions-1 of a text of
/// that length, times the amplitude of the model's scaling where it has one.
class RopeTable {
  public:
    RopeTable(const Rope& rope, std::size_t rotarySize, std::size_t positions);

    std::span<const float> cosines(std::size_t position) const; ///< [rotarySize / 2]
    std::span<const float> sines(std::size_t position) const;   ///< [rotarySize / 2]

  private:
    Matrix cosines_;
    Matrix sines_;
};

/// The tables of a model's blocks.
class RopeTables {
  public:
    RopeTables(const ModelConfig& config, std::size_t positions);

    const RopeTable& whole() const { return whole_; }
    /// That of a block; null when it does not rotate.
    const RopeTable* of(const BlockAttention& attention) const;

  private:
    RopeTable whole_;
    std::optional<RopeTable> windows_; ///< of blocks with windows, where they have their own
};

} // namespace planish
