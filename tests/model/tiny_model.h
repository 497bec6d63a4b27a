// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace planish::test {

/// A tensor to be written: its bytes are as given, whatever its type and shape say.
struct StoredTensor {
    std::string name;
    std::string type;
    std::vector<std::uint64_t> shape;
    std::string bytes;
};

/// A safetensors file with this header text and these value bytes.
std::string safetensors(const std::string& header, const std::string& values);
/// The same with a proper header for the tensors, values in their order.
std::string safetensors(const std::vector<StoredTensor>& tensors);
std::string littleEndian(std::uint64_t value, int bytes);

/// All tensors of a Llama model of 1 block, hidden 4, 2 heads on 1 key-value head of 2, MLP 6, 8 tokens, in
/// `type`; values are consecutive patterns.
std::vector<StoredTensor> tinyTensors(const std::string& type = "BF16");
/// config.json of that model; `changes` replace or add fields by their JSON text, "" removes one.
std::string tinyConfig(const std::map<std::string, std::string>& changes = {});
/// Writes both to a folder.
void writeTinyModel(const std::filesystem::path& folder, const std::vector<StoredTensor>& tensors,
                    const std::string& config = tinyConfig());

} // namespace planish::test
