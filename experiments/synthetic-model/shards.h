// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "model/tensor_info.h"
#include "support/json.h"

#include <cstdint>
#include <string>
#include <vector>

namespace planish {

/// A BF16 tensor in a safetensors file.
struct ShardTensor {
    TensorInfo info;
    std::size_t place = 0;    ///< in the layout of the model
    std::uint64_t offset = 0; ///< bytes from the first value of the file

    std::uint64_t bytes() const { return info.count() * sizeof(std::uint16_t); }
};

/// One safetensors file of several.
struct Shard {
    std::string name; ///< "model-00001-of-00002.safetensors"
    std::vector<ShardTensor> tensors;
    std::uint64_t valueBytes = 0;

    /// What the file begins with: the length of the header and the header, padded so that values are aligned
    /// to 8 bytes.
    std::string start() const;
};

/// BF16 tensors in their order, as many in a shard as have at most `shardBytes` bytes of values together; a
/// tensor larger than that has a shard of its own. Throws InputError for more shards than a model may have.
std::vector<Shard> planShards(const std::vector<TensorInfo>& tensors, std::uint64_t shardBytes);

/// model.safetensors.index.json.
Json indexDocument(const std::vector<Shard>& shards);

/// Bytes of the values of all.
std::uint64_t valueBytes(const std::vector<Shard>& shards);

} // namespace planish
