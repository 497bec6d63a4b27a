// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "codec/scalar_format.h"
#include "support/matrix.h"

#include <span>
#include <vector>

namespace planish {

/// The change δ of a row's parameters that minimises δᵀ G δ − 2 δ·Bᵀr with G = Bᵀ H B: with r = H (w − ŵ),
/// the output error of the row ŵ + B δ that should be w, levels fixed. B are the terms of the row, those of
/// column c multiplied by `free[c]`, 0 where something else decides what is decoded. The diagonal of G is
/// raised by a ten-thousandth, which keeps what the inputs say nothing about where it is.
///
/// Rows of more than 512 parameters are fitted by bands of groups, one after the other and all twice, each
/// for what the others leave. About columns² · terms ÷ 2 multiplications in float and parameters³ ÷ 6 in
/// double for each band.
std::vector<double> leastSquaresStep(const LinearRow& row, std::span<const float> free, MatrixView hessian,
                                     Eigen::VectorXd residual);

} // namespace planish
