// SPDX-License-Identifier: GPL-3.0-or-later
#include "export/gguf_document.h"

#include "model/gguf_file.h"
#include "tokenizer/gguf_tokenizer.h"
#include "tokenizer/sentencepiece_model.h"
#include "tokenizer/tokenizer.h"
#include "tokenizer/tokenizer_file.h"
#include "tokenizer/vocabulary.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>

namespace planish {
namespace {

/// general.file_type by the type most weights have (llama_ftype of llama.h).
constexpr std::array<std::pair<std::string_view, std::uint32_t>, 15> fileTypes{{{"fp32", 0},
                                                                                {"fp16", 1},
                                                                                {"Q4_0", 2},
                                                                                {"Q4_1", 3},
                                                                                {"Q8_0", 7},
                                                                                {"Q5_0", 8},
                                                                                {"Q5_1", 9},
                                                                                {"Q2_K", 10},
                                                                                {"Q3_K", 12},
                                                                                {"Q4_K", 15},
                                                                                {"Q5_K", 17},
                                                                                {"Q6_K", 18},
                                                                                {"IQ4_NL", 25},
                                                                                {"IQ4_XS", 30},
                                                                                {"bf16", 32}}};

std::uint32_t fileType(const Model& model, const ExportPlan& plan) {
    std::map<std::string_view, std::size_t> weights;
    for (std::size_t i = 0; i < plan.tensors.size(); ++i) {
        if (isDecoderLinear(model.tensors()[i].role)) {
            weights[plan.tensors[i].written] += model.tensors()[i].count();
        }
    }
    const auto most = std::max_element(weights.begin(), weights.end(),
                                       [](const auto& a, const auto& b) { return a.second < b.second; });
    for (const auto& [codec, type] : fileTypes) {
        if (most != weights.end() && most->first == codec) {
            return type;
        }
    }
    return 0;
}

std::uint32_t small(std::size_t value) {
    return static_cast<std::uint32_t>(value);
}

std::vector<std::string> mergeLines(const TokenizerFile& file) {
    std::vector<std::string> lines;
    lines.reserve(file.merges.size());
    for (const auto& [left, right] : file.merges) {
        lines.push_back(left + " " + right);
    }
    return lines;
}

/// Tokens and their types by id; ids without token are filled up, as converters do.
void addTokens(GgufEntries& entries, const TokenizerFile& file, std::size_t count) {
    constexpr std::int32_t normal = 1;
    constexpr std::int32_t control = 3;
    constexpr std::int32_t userDefined = 4;
    constexpr std::int32_t unused = 5;
    const std::vector<AddedToken> added = readAddedTokens(file);
    for (const auto& token : added) {
        count = std::max(count, static_cast<std::size_t>(token.id) + 1);
    }
    for (const auto& [text, id] : file.vocabulary) {
        count = std::max(count, static_cast<std::size_t>(id) + 1);
    }
    std::vector<std::string> tokens(count);
    std::vector<std::int32_t> types(count, unused);
    for (const auto& [text, id] : file.vocabulary) {
        tokens[static_cast<std::size_t>(id)] = text;
        types[static_cast<std::size_t>(id)] = normal;
    }
    for (const AddedToken& token : added) {
        tokens[static_cast<std::size_t>(token.id)] = token.content;
        types[static_cast<std::size_t>(token.id)] = token.special ? control : userDefined;
    }
    for (std::size_t i = 0; i < count; ++i) {
        if (types[i] == unused) {
            tokens[i] = fmt::format("[PAD{}]", i);
        }
    }
    entries.emplace_back("tokenizer.ggml.tokens", ggufEntry(std::move(tokens)));
    entries.emplace_back("tokenizer.ggml.token_type", ggufEntry(types));
}

[[noreturn]] void refuseOther(const std::string& path, std::string_view kind) {
    throw InputError(
        path, "tokenizer",
        "byte-level BPE, the only kind that is written to GGUF files; formats hf and planish keep "
        "every kind",
        kind);
}

GgufEntries fromTokenizerFile(const Model& model, const TokenizerFile& file) {
    const Tokenizer tokenizer = Tokenizer::fromFile(file); // checks what is read below
    if (spellingOf(file) != Spelling::byteLevel) {
        refuseOther(file.path, "BPE of characters");
    }
    const std::string_view name = ggufPreTokenizer(file);
    if (name.empty()) {
        throw InputError(
            file.path, "pre_tokenizer",
            "one that llama.cpp has a name for, of those known here (llama-bpe, gpt-2, smollm, qwen2)",
            "another: the exported model would cut words differently");
    }
    const ModelConfig& config = model.config();
    const std::vector<TokenId> around = tokenizer.encode("");
    GgufEntries entries;
    entries.emplace_back("tokenizer.ggml.model", ggufEntry("gpt2"));
    entries.emplace_back("tokenizer.ggml.pre", ggufEntry(std::string(name)));
    addTokens(entries, file, config.vocabularySize);
    entries.emplace_back("tokenizer.ggml.merges", ggufEntry(mergeLines(file)));
    const auto begin = tokenizer.beginToken();
    if (begin || config.beginToken) {
        entries.emplace_back("tokenizer.ggml.bos_token_id",
                             ggufEntry(static_cast<std::uint32_t>(begin ? *begin : *config.beginToken)));
    }
    if (config.endToken) {
        entries.emplace_back("tokenizer.ggml.eos_token_id",
                             ggufEntry(static_cast<std::uint32_t>(*config.endToken)));
    }
    entries.emplace_back("tokenizer.ggml.add_bos_token", ggufEntry(begin.has_value()));
    entries.emplace_back("tokenizer.ggml.add_eos_token", ggufEntry(around.size() > (begin ? 1U : 0U)));
    entries.emplace_back("tokenizer.ggml.add_space_prefix", ggufEntry(false));
    return entries;
}

} // namespace

GgufEntries ggufTokenizerMetadata(const Model& model) {
    std::error_code ignored;
    if (std::filesystem::is_directory(model.path(), ignored)) {
        const std::filesystem::path file = model.path() / "tokenizer.json";
        if (std::filesystem::exists(file, ignored)) {
            return fromTokenizerFile(model, readTokenizerFile(file.string()));
        }
        const std::filesystem::path pieces = model.path() / sentencePieceFile;
        if (std::filesystem::exists(pieces, ignored)) {
            refuseOther(pieces.string(), "SentencePiece");
        }
    }
    const GgufFile source(std::filesystem::is_directory(model.path(), ignored)
                              ? model.path() / ggufTokenizerFile
                              : model.path());
    GgufEntries entries;
    for (const auto& [key, entry] : source.metadata().entries()) {
        if (key.starts_with("tokenizer.")) {
            entries.emplace_back(key, entry);
        }
    }
    std::sort(entries.begin(), entries.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
    return entries;
}

GgufEntries ggufMetadata(const Model& model, const ExportPlan& plan) {
    const ModelConfig& config = model.config();
    GgufEntries entries{
        {"general.architecture", ggufEntry("llama")},
        {"general.name", ggufEntry(model.name())},
        {"general.file_type", ggufEntry(fileType(model, plan))},
        {"general.quantization_version", ggufEntry(std::uint32_t{2})},
        {"llama.context_length", ggufEntry(small(config.maximumContext))},
        {"llama.embedding_length", ggufEntry(small(config.hiddenSize))},
        {"llama.block_count", ggufEntry(small(config.blocks))},
        {"llama.feed_forward_length", ggufEntry(small(config.mlpSize))},
        {"llama.attention.head_count", ggufEntry(small(config.heads))},
        {"llama.attention.head_count_kv", ggufEntry(small(config.keyValueHeads))},
        {"llama.attention.key_length", ggufEntry(small(config.headSize))},
        {"llama.attention.value_length", ggufEntry(small(config.headSize))},
        {"llama.attention.layer_norm_rms_epsilon", ggufEntry(static_cast<float>(config.normEpsilon))},
        {"llama.rope.freq_base", ggufEntry(static_cast<float>(config.rope.theta))},
        {"llama.rope.dimension_count", ggufEntry(small(config.headSize))},
        {"llama.vocab_size", ggufEntry(small(config.vocabularySize))}};
    for (auto& entry : ggufTokenizerMetadata(model)) {
        entries.push_back(std::move(entry));
    }
    return entries;
}

} // namespace planish
