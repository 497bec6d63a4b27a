// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "algebra/arithmetic.h"
#include "inference/forward_pass.h"

namespace planish {

/// The derivatives of causal attention (inference/attention.h) over whole windows of `context` tokens: from
/// those of its outputs, `gradient` [windows × context, querySize], those of rotated queries and keys and of
/// values. Weights are computed anew, a tile of queries at a time, as nothing is kept of the forward pass.
/// The heads of a window in parallel.
Projections attentionGradient(const ModelConfig& config, const Projections& projected, MatrixView gradient,
                              std::size_t context, Arithmetic arithmetic, Workers& workers,
                              const JobMonitor& monitor);

} // namespace planish
