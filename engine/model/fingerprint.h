// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "model/config.h"
#include "model/stored_tensor.h"
#include "model/tensor_info.h"
#include "support/workers.h"

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace planish {

/// SHA-256 over what the computation depends on: the configuration and, in the given order, each tensor's
/// name, type, shape and the SHA-256 of its bytes. The tensors are read in parallel, a piece at a time.
std::string modelFingerprint(const ModelConfig& config, const std::vector<TensorInfo>& tensors,
                             std::span<const StoredTensor* const> stored, Workers& workers,
                             const JobMonitor& monitor);

} // namespace planish
