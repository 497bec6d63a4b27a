// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace planish::test {

/// A GGUF file put together byte by byte, so that each of them can be wrong.
struct TinyGguf {
    struct Tensor {
        std::string name;
        std::vector<std::uint64_t> dimensions; ///< innermost first, as in the file
        std::uint32_t type = 0;
        std::string bytes;
        std::int64_t offset = -1; ///< -1: where it belongs
    };

    std::uint32_t version = 3;
    std::vector<std::pair<std::string, std::string>> metadata; ///< key, and the bytes of type and value
    std::vector<Tensor> tensors;
    std::int64_t tensorCount = -1;   ///< -1: as many as there are
    std::int64_t metadataCount = -1; ///< -1: as many as there are

    void set(const std::string& key, const std::string& value);
    void remove(const std::string& key);
    Tensor& tensor(const std::string& name);
    std::string file() const;
};

std::string ggufText(const std::string& text); ///< length and bytes, without a type
std::string ggufString(const std::string& text);
std::string ggufUint32(std::uint32_t value);
std::string ggufFloat(float value);
std::string ggufBoolean(bool value);
std::string ggufStrings(const std::vector<std::string>& texts);
std::string ggufInt32s(const std::vector<std::int32_t>& values);
std::string ggufFloats(const std::vector<float>& values);

/// A Llama of 1 block, hidden 4, 2 heads on 1 key-value head of 2, MLP 6, 8 tokens, in F16; values are
/// consecutive patterns, as in tinyTensors("F16").
TinyGguf tinyGguf();

} // namespace planish::test
