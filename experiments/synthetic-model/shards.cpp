// SPDX-License-Identifier: GPL-3.0-or-later
#include "shards.h"

#include "model/layout.h"

#include <fmt/format.h>

#include <bit>
#include <cstring>

namespace planish {
namespace {

constexpr std::size_t mostShards = 1000; // as many as ModelFiles opens

} // namespace

std::string Shard::start() const {
    Json document{{"__metadata__", {{"format", "pt"}}}};
    for (const ShardTensor& tensor : tensors) {
        const Shape& shape = tensor.info.shape;
        document[storedName(tensor.info)] = {
            {"dtype", "BF16"},
            {"shape", tensor.info.isVector ? Json{shape.columns} : Json{shape.rows, shape.columns}},
            {"data_offsets", {tensor.offset, tensor.offset + tensor.bytes()}}};
    }
    std::string header = document.dump();
    header.append((8 - header.size() % 8) % 8, ' ');
    static_assert(std::endian::native == std::endian::little);
    const std::uint64_t size = header.size();
    std::string start(sizeof size, '\0');
    std::memcpy(start.data(), &size, sizeof size);
    return start + header;
}

std::vector<Shard> planShards(const std::vector<TensorInfo>& tensors, std::uint64_t shardBytes) {
    std::vector<Shard> shards;
    for (std::size_t i = 0; i < tensors.size(); ++i) {
        ShardTensor tensor{tensors[i], i, 0};
        if (shards.empty() || shards.back().valueBytes + tensor.bytes() > shardBytes) {
            shards.emplace_back();
        }
        tensor.offset = shards.back().valueBytes;
        shards.back().valueBytes += tensor.bytes();
        shards.back().tensors.push_back(std::move(tensor));
    }
    if (shards.size() > mostShards) {
        throw InputError("command line", "--shard-size",
                         fmt::format("a size that gives at most {} files", mostShards),
                         fmt::format("one that gives {}", shards.size()));
    }
    for (std::size_t i = 0; i < shards.size(); ++i) {
        shards[i].name = fmt::format("model-{:05}-of-{:05}.safetensors", i + 1, shards.size());
    }
    return shards;
}

Json indexDocument(const std::vector<Shard>& shards) {
    Json document{{"metadata", {{"total_size", valueBytes(shards)}}}, {"weight_map", Json::object()}};
    for (const Shard& shard : shards) {
        for (const ShardTensor& tensor : shard.tensors) {
            document["weight_map"][storedName(tensor.info)] = shard.name;
        }
    }
    return document;
}

std::uint64_t valueBytes(const std::vector<Shard>& shards) {
    std::uint64_t bytes = 0;
    for (const Shard& shard : shards) {
        bytes += shard.valueBytes;
    }
    return bytes;
}

} // namespace planish
