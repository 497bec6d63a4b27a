// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "model/config.h"
#include "model/tensor_info.h"
#include "support/workers.h"

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

namespace planish {

/// Fills `out` with the stored bytes of tensor number `tensor`, from byte `first` on.
using StoredBytesReader =
    std::function<void(std::size_t tensor, std::uint64_t first, std::span<std::byte> out)>;

/// SHA-256 over what the computation depends on: the configuration and, in the given order, each tensor's
/// name, type, shape and the SHA-256 of its bytes. The tensors are read in parallel, a piece at a time.
std::string modelFingerprint(const ModelConfig& config, const std::vector<TensorInfo>& tensors,
                             const StoredBytesReader& read, Workers& workers, const JobMonitor& monitor);

} // namespace planish
