// SPDX-License-Identifier: GPL-3.0-or-later
#include "tiny_gguf.h"

#include "tiny_model.h"

#include <algorithm>
#include <bit>

namespace planish::test {
namespace {

constexpr std::size_t alignment = 32;

void pad(std::string& bytes) {
    bytes.append((alignment - bytes.size() % alignment) % alignment, '\0');
}

std::string typed(std::uint32_t type, const std::string& bytes) {
    return littleEndian(type, 4) + bytes;
}

std::string arrayStart(std::uint32_t elementType, std::size_t count) {
    return typed(9, littleEndian(elementType, 4) + littleEndian(count, 8));
}

} // namespace

std::string ggufText(const std::string& text) {
    return littleEndian(text.size(), 8) + text;
}

std::string ggufString(const std::string& text) {
    return typed(8, ggufText(text));
}

std::string ggufUint32(std::uint32_t value) {
    return typed(4, littleEndian(value, 4));
}

std::string ggufFloat(float value) {
    return typed(6, littleEndian(std::bit_cast<std::uint32_t>(value), 4));
}

std::string ggufBoolean(bool value) {
    return typed(7, littleEndian(value ? 1 : 0, 1));
}

std::string ggufStrings(const std::vector<std::string>& texts) {
    std::string bytes = arrayStart(8, texts.size());
    for (const std::string& text : texts) {
        bytes += ggufText(text);
    }
    return bytes;
}

std::string ggufInt32s(const std::vector<std::int32_t>& values) {
    std::string bytes = arrayStart(5, values.size());
    for (const std::int32_t value : values) {
        bytes += littleEndian(static_cast<std::uint32_t>(value), 4);
    }
    return bytes;
}

std::string ggufFloats(const std::vector<float>& values) {
    std::string bytes = arrayStart(6, values.size());
    for (const float value : values) {
        bytes += littleEndian(std::bit_cast<std::uint32_t>(value), 4);
    }
    return bytes;
}

void TinyGguf::set(const std::string& key, const std::string& value) {
    for (auto& [known, bytes] : metadata) {
        if (known == key) {
            bytes = value;
            return;
        }
    }
    metadata.emplace_back(key, value);
}

void TinyGguf::remove(const std::string& key) {
    std::erase_if(metadata, [&](const auto& entry) { return entry.first == key; });
}

TinyGguf::Tensor& TinyGguf::tensor(const std::string& name) {
    return *std::find_if(tensors.begin(), tensors.end(), [&](const Tensor& one) { return one.name == name; });
}

std::string TinyGguf::file() const {
    std::string values;
    std::string infos;
    for (const Tensor& one : tensors) {
        infos += ggufText(one.name) + littleEndian(one.dimensions.size(), 4);
        for (const std::uint64_t size : one.dimensions) {
            infos += littleEndian(size, 8);
        }
        infos += littleEndian(one.type, 4) +
                 littleEndian(one.offset < 0 ? values.size() : static_cast<std::uint64_t>(one.offset), 8);
        values += one.bytes;
        pad(values);
    }
    const auto count = [](std::int64_t given, std::size_t real) {
        return littleEndian(given < 0 ? real : static_cast<std::uint64_t>(given), 8);
    };
    std::string bytes = "GGUF" + littleEndian(version, 4) + count(tensorCount, tensors.size()) +
                        count(metadataCount, metadata.size());
    for (const auto& [key, value] : metadata) {
        bytes += ggufText(key) + value;
    }
    bytes += infos;
    pad(bytes);
    return bytes + values;
}

TinyGguf tinyGguf() {
    TinyGguf gguf;
    gguf.metadata = {{"general.architecture", ggufString("llama")},
                     {"llama.context_length", ggufUint32(16)},
                     {"llama.embedding_length", ggufUint32(4)},
                     {"llama.block_count", ggufUint32(1)},
                     {"llama.feed_forward_length", ggufUint32(6)},
                     {"llama.attention.head_count", ggufUint32(2)},
                     {"llama.attention.head_count_kv", ggufUint32(1)},
                     {"llama.attention.layer_norm_rms_epsilon", ggufFloat(1e-5F)},
                     {"llama.rope.freq_base", ggufFloat(10000)},
                     {"tokenizer.ggml.bos_token_id", ggufUint32(0)},
                     {"tokenizer.ggml.eos_token_id", ggufUint32(1)}};
    const std::vector<std::string> names{"token_embd",     "blk.0.attn_norm", "blk.0.attn_q",
                                         "blk.0.attn_k",   "blk.0.attn_v",    "blk.0.attn_output",
                                         "blk.0.ffn_norm", "blk.0.ffn_gate",  "blk.0.ffn_up",
                                         "blk.0.ffn_down", "output_norm",     "output"};
    const std::vector<StoredTensor> stored = tinyTensors("F16");
    for (std::size_t i = 0; i < stored.size(); ++i) {
        gguf.tensors.push_back(
            {names[i] + ".weight", {stored[i].shape.rbegin(), stored[i].shape.rend()}, 1, stored[i].bytes});
    }
    return gguf;
}

} // namespace planish::test
