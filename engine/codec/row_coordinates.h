// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "codec/scalar_format.h"

#include <cstddef>
#include <span>
#include <vector>

namespace planish {

/// The parameters p of a row in coordinates θ in which a step moves the row's weights B p as far as it goes
/// itself: with B the terms of a group and L Lᵀ = Bᵀ B (Cholesky), θ = Lᵀ p. A scale and a minimum, which
/// move the same weights, are independent there. Parameters that no weight depends on, or only together
/// with those before them, have slope 0.
class RowCoordinates {
  public:
    /// `row` must outlive this.
    explicit RowCoordinates(const LinearRow& row);

    /// As many as parameters.
    void of(std::span<const double> parameters, std::span<float> coordinates) const;
    std::vector<double> parameters(std::span<const float> coordinates) const;
    /// ∂/∂θ = L⁻¹ Bᵀ ∂/∂w.
    void slopes(std::span<const float> ofWeights, std::span<float> ofCoordinates) const;

  private:
    /// Of a group: lower triangle, all of a column's numbers together.
    double* factor(std::size_t group) { return &factors_[group * each_ * each_]; }
    const double* factor(std::size_t group) const { return &factors_[group * each_ * each_]; }
    std::size_t groups() const { return factors_.size() / (each_ * each_); }
    std::span<const LinearRow::Term> termsOf(std::size_t group) const;
    void factorize(std::size_t group);

    const LinearRow& row_;
    std::size_t each_; ///< parameters of a group
    std::vector<double> factors_;
    std::vector<char> moves_; ///< of each parameter
};

} // namespace planish
