// SPDX-License-Identifier: GPL-3.0-or-later
#include "tiny_model.h"

#include "test_support.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace planish::test {

std::string littleEndian(std::uint64_t value, int bytes) {
    std::string text;
    for (int i = 0; i < bytes; ++i) {
        text += static_cast<char>(value >> (8 * i) & 0xff);
    }
    return text;
}

std::string safetensors(const std::string& header, const std::string& values) {
    return littleEndian(header.size(), 8) + header + values;
}

std::string safetensors(const std::vector<StoredTensor>& tensors) {
    std::string header = R"({"__metadata__":{"format":"pt"})";
    std::string values;
    for (const StoredTensor& tensor : tensors) {
        header += fmt::format(R"(,"{}":{{"dtype":"{}","shape":[{}],"data_offsets":[{},{}]}})", tensor.name,
                              tensor.type, fmt::join(tensor.shape, ","), values.size(),
                              values.size() + tensor.bytes.size());
        values += tensor.bytes;
    }
    return safetensors(header + "}", values);
}

std::vector<StoredTensor> tinyTensors(const std::string& type) {
    const std::string block = "model.layers.0.";
    std::vector<StoredTensor> tensors{{"model.embed_tokens.weight", type, {8, 4}, ""},
                                      {block + "input_layernorm.weight", type, {4}, ""},
                                      {block + "self_attn.q_proj.weight", type, {4, 4}, ""},
                                      {block + "self_attn.k_proj.weight", type, {2, 4}, ""},
                                      {block + "self_attn.v_proj.weight", type, {2, 4}, ""},
                                      {block + "self_attn.o_proj.weight", type, {4, 4}, ""},
                                      {block + "post_attention_layernorm.weight", type, {4}, ""},
                                      {block + "mlp.gate_proj.weight", type, {6, 4}, ""},
                                      {block + "mlp.up_proj.weight", type, {6, 4}, ""},
                                      {block + "mlp.down_proj.weight", type, {4, 6}, ""},
                                      {"model.norm.weight", type, {4}, ""},
                                      {"lm_head.weight", type, {8, 4}, ""}};
    const int size = type == "F32" || type == "I32" ? 4 : 2;
    std::uint64_t pattern = 0x3c00;
    for (StoredTensor& tensor : tensors) {
        std::uint64_t count = 1;
        for (const std::uint64_t dimension : tensor.shape) {
            count *= dimension;
        }
        for (std::uint64_t i = 0; i < count; ++i) {
            tensor.bytes += littleEndian(size == 4 ? pattern++ << 16 : pattern++, size);
        }
    }
    return tensors;
}

std::string tinyConfig(const std::map<std::string, std::string>& changes) {
    std::map<std::string, std::string> fields{{"architectures", R"(["LlamaForCausalLM"])"},
                                              {"model_type", R"("llama")"},
                                              {"hidden_size", "4"},
                                              {"num_hidden_layers", "1"},
                                              {"num_attention_heads", "2"},
                                              {"num_key_value_heads", "1"},
                                              {"intermediate_size", "6"},
                                              {"vocab_size", "8"},
                                              {"max_position_embeddings", "16"},
                                              {"rms_norm_eps", "1e-5"},
                                              {"rope_theta", "10000.0"},
                                              {"tie_word_embeddings", "false"},
                                              {"bos_token_id", "0"},
                                              {"eos_token_id", "1"}};
    for (const auto& [key, value] : changes) {
        fields[key] = value;
    }
    std::vector<std::string> members;
    for (const auto& [key, value] : fields) {
        if (!value.empty()) {
            members.push_back(fmt::format(R"("{}": {})", key, value));
        }
    }
    return fmt::format("{{{}}}", fmt::join(members, ", "));
}

void writeTinyModel(const std::filesystem::path& folder, const std::vector<StoredTensor>& tensors,
                    const std::string& config) {
    writeFile(folder / "config.json", config);
    writeFile(folder / "model.safetensors", safetensors(tensors));
}

} // namespace planish::test
