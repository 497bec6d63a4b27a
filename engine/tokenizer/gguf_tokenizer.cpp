// SPDX-License-Identifier: GPL-3.0-or-later
#include "tokenizer/gguf_tokenizer.h"

#include "support/text.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <array>

namespace planish {
namespace {

constexpr const char* modelKey = "tokenizer.ggml.model";
constexpr const char* preKey = "tokenizer.ggml.pre";
constexpr const char* tokensKey = "tokenizer.ggml.tokens";
constexpr const char* typesKey = "tokenizer.ggml.token_type";
constexpr const char* mergesKey = "tokenizer.ggml.merges";
constexpr const char* scoresKey = "tokenizer.ggml.scores";

bool isType(std::int64_t number, GgufTokenType type) {
    return number == static_cast<std::int64_t>(type);
}

/// A name of llama.cpp (llama-vocab.cpp) for the patterns of a family of models.
struct PreTokenizerName {
    std::string_view name;
    std::string_view pattern; ///< of a Split before ByteLevel; empty for ByteLevel's own, GPT-2's
    bool singleDigits = false;
    bool isLlama3 = false; ///< takes words that are tokens whole, and begins texts with BOS
};

constexpr std::string_view llama3Pattern =
    R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)";
constexpr std::string_view qwen2Pattern =
    R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)";

constexpr std::array preTokenizers{
    PreTokenizerName{"llama-bpe", llama3Pattern, false, true},
    PreTokenizerName{"llama3", llama3Pattern, false, true},
    PreTokenizerName{"llama-v3", llama3Pattern, false, true},
    PreTokenizerName{"gpt-2", "", false, false},
    PreTokenizerName{"smollm", "", true, false},
    PreTokenizerName{"qwen2", qwen2Pattern, false, false},
};

const PreTokenizerName& preTokenizerOf(const GgufMetadata& metadata) {
    const std::string& name = metadata.string(preKey);
    std::vector<std::string_view> names;
    for (const PreTokenizerName& known : preTokenizers) {
        if (known.name == name) {
            return known;
        }
        names.push_back(known.name);
    }
    throw InputError(metadata.source(), preKey, fmt::format("one of {}", fmt::join(names, ", ")), name);
}

Json byteLevelStep(bool useRegex) {
    return {{"type", "ByteLevel"}, {"add_prefix_space", false}, {"use_regex", useRegex}};
}

Json preTokenizerJson(const PreTokenizerName& kind) {
    Json steps = Json::array();
    if (kind.singleDigits) {
        steps.push_back({{"type", "Digits"}, {"individual_digits", true}});
    }
    if (!kind.pattern.empty()) {
        steps.push_back({{"type", "Split"},
                         {"pattern", {{"Regex", kind.pattern}}},
                         {"behavior", "Isolated"},
                         {"invert", false}});
    }
    steps.push_back(byteLevelStep(kind.pattern.empty()));
    return {{"type", "Sequence"}, {"pretokenizers", std::move(steps)}};
}

std::vector<std::int64_t> tokenTypes(const GgufMetadata& metadata, std::size_t tokens) {
    if (!metadata.has(typesKey)) {
        return std::vector<std::int64_t>(tokens, static_cast<std::int64_t>(GgufTokenType::normal));
    }
    std::vector<std::int64_t> types = metadata.integers(typesKey);
    if (types.size() != tokens) {
        throw InputError(metadata.source(), typesKey, fmt::format("{} numbers, one for each token", tokens),
                         fmt::format("{}", types.size()));
    }
    return types;
}

const std::vector<std::string>& tokensOf(const GgufMetadata& metadata) {
    const std::vector<std::string>& tokens = metadata.strings(tokensKey);
    if (tokens.empty() || tokens.size() > static_cast<std::size_t>(largestTokenId)) {
        throw InputError(metadata.source(), tokensKey, fmt::format("1 to {} tokens", largestTokenId),
                         fmt::format("{}", tokens.size()));
    }
    return tokens;
}

/// Text that is recognized before anything else: control tokens and those people added.
Json addedTokens(const GgufMetadata& metadata) {
    const std::vector<std::string>& tokens = tokensOf(metadata);
    const std::vector<std::int64_t> types = tokenTypes(metadata, tokens.size());
    Json added = Json::array();
    for (std::size_t i = 0; i < tokens.size(); ++i) {
        const bool isControl = isType(types[i], GgufTokenType::control);
        if ((isControl || isType(types[i], GgufTokenType::userDefined)) && !tokens[i].empty()) {
            added.push_back({{"id", i},
                             {"content", tokens[i]},
                             {"single_word", false},
                             {"lstrip", false},
                             {"rstrip", false},
                             {"normalized", false},
                             {"special", isControl}});
        }
    }
    return added;
}

/// What goes around a text: BOS in front, EOS behind, as the metadata say or else the kind has it.
Json postProcessor(const GgufMetadata& metadata, bool addsBegin) {
    const std::vector<std::string>& tokens = tokensOf(metadata);
    Json single = Json::array();
    Json special = Json::object();
    const auto add = [&](const char* idKey) {
        const auto id = metadata.integer(idKey, 0, static_cast<std::int64_t>(tokens.size()) - 1);
        const std::string& text = tokens[static_cast<std::size_t>(id)];
        single.push_back({{"SpecialToken", {{"id", text}, {"type_id", 0}}}});
        special[text] = {{"id", text}, {"ids", {id}}, {"tokens", {text}}};
    };
    if (metadata.boolean("tokenizer.ggml.add_bos_token", addsBegin)) {
        add("tokenizer.ggml.bos_token_id");
    }
    single.push_back({{"Sequence", {{"id", "A"}, {"type_id", 0}}}});
    if (metadata.boolean("tokenizer.ggml.add_eos_token", false)) {
        add("tokenizer.ggml.eos_token_id");
    }
    if (single.size() == 1) {
        return nullptr;
    }
    return {
        {"type", "TemplateProcessing"}, {"single", single}, {"pair", single}, {"special_tokens", special}};
}

std::vector<std::pair<std::string, std::string>> mergesOf(const GgufMetadata& metadata) {
    std::vector<std::pair<std::string, std::string>> merges;
    const std::vector<std::string>& lines = metadata.strings(mergesKey);
    merges.reserve(lines.size());
    for (std::size_t i = 0; i < lines.size(); ++i) {
        // Byte-level spelling has no spaces of its own.
        const std::size_t space = lines[i].find(' ');
        if (space == std::string::npos || lines[i].find(' ', space + 1) != std::string::npos) {
            throw InputError(metadata.source(), fmt::format("{}[{}]", mergesKey, i), "two tokens, \"a b\"",
                             lines[i]);
        }
        if (!isUtf8(lines[i])) {
            throw InputError(metadata.source(), fmt::format("{}[{}]", mergesKey, i), "UTF-8", lines[i]);
        }
        merges.emplace_back(lines[i].substr(0, space), lines[i].substr(space + 1));
    }
    return merges;
}

void requireUtf8(const GgufMetadata& metadata) {
    const std::vector<std::string>& tokens = tokensOf(metadata);
    for (std::size_t i = 0; i < tokens.size(); ++i) {
        if (!isUtf8(tokens[i])) {
            throw InputError(metadata.source(), fmt::format("{}[{}]", tokensKey, i), "UTF-8", tokens[i]);
        }
    }
}

} // namespace

GgufTokenizerKind ggufTokenizerKind(const GgufMetadata& metadata) {
    const std::string& model = metadata.string(modelKey);
    if (model == "gpt2") {
        return GgufTokenizerKind::byteLevel;
    }
    if (model == "llama") {
        return GgufTokenizerKind::pieces;
    }
    throw InputError(metadata.source(), modelKey, "gpt2 or llama", model);
}

TokenizerFile tokenizerFileOf(const GgufMetadata& metadata) {
    requireUtf8(metadata);
    const PreTokenizerName& kind = preTokenizerOf(metadata);
    TokenizerFile file;
    file.path = metadata.source();
    file.settings = {{"version", "1.0"},
                     {"truncation", nullptr},
                     {"padding", nullptr},
                     {"added_tokens", addedTokens(metadata)},
                     {"normalizer", nullptr},
                     {"pre_tokenizer", preTokenizerJson(kind)},
                     {"post_processor", postProcessor(metadata, kind.isLlama3)},
                     {"decoder", byteLevelStep(true)},
                     {"model",
                      {{"type", "BPE"},
                       {"dropout", nullptr},
                       {"unk_token", nullptr},
                       {"continuing_subword_prefix", nullptr},
                       {"end_of_word_suffix", nullptr},
                       {"fuse_unk", false},
                       {"byte_fallback", false},
                       {"ignore_merges", kind.isLlama3},
                       {"vocab", Json::object()},
                       {"merges", Json::array()}}}};
    const std::vector<std::string>& tokens = tokensOf(metadata);
    for (std::size_t i = 0; i < tokens.size(); ++i) {
        file.vocabulary.emplace_back(tokens[i], static_cast<TokenId>(i));
    }
    file.merges = mergesOf(metadata);
    return file;
}

std::string_view ggufPreTokenizer(const TokenizerFile& file) {
    // Steps are compared as the tokenizer reads them: what is not written has the usual value.
    std::vector<Json> steps;
    const Json& root = file.settings.at("pre_tokenizer");
    if (root.is_object() && root.value("type", "") == "Sequence") {
        for (const Json& step : root.at("pretokenizers")) {
            steps.push_back(step);
        }
    } else {
        steps.push_back(root);
    }
    bool singleDigits = false;
    bool usesRegex = false;
    std::string pattern;
    for (const Json& step : steps) {
        const std::string type = step.value("type", "");
        if (type == "Digits" && step.value("individual_digits", false)) {
            singleDigits = true;
        } else if (type == "Split" && pattern.empty() && step.value("behavior", "") == "Isolated" &&
                   !step.value("invert", false)) {
            pattern = step.at("pattern").value("Regex", "?");
        } else if (type == "ByteLevel" && !step.value("add_prefix_space", true)) {
            usesRegex = step.value("use_regex", true);
        } else {
            return "";
        }
    }
    for (const PreTokenizerName& known : preTokenizers) {
        if (known.pattern == pattern && known.singleDigits == singleDigits && usesRegex == pattern.empty()) {
            return known.name;
        }
    }
    return "";
}

std::vector<Piece> piecesOf(const GgufMetadata& metadata) {
    requireUtf8(metadata);
    const std::vector<std::string>& tokens = tokensOf(metadata);
    const std::vector<std::int64_t> types = tokenTypes(metadata, tokens.size());
    const std::vector<double> scores = metadata.numbers(scoresKey);
    if (scores.size() != tokens.size()) {
        throw InputError(metadata.source(), scoresKey,
                         fmt::format("{} numbers, one for each token", tokens.size()),
                         fmt::format("{}", scores.size()));
    }
    std::vector<Piece> pieces;
    pieces.reserve(tokens.size());
    for (std::size_t i = 0; i < tokens.size(); ++i) {
        pieces.push_back({tokens[i], static_cast<float>(scores[i]), isType(types[i], GgufTokenType::byte)});
    }
    return pieces;
}

PieceSettings pieceSettingsOf(const GgufMetadata& metadata) {
    constexpr const char* unknownKey = "tokenizer.ggml.unknown_token_id";
    PieceSettings settings;
    settings.source = metadata.source();
    settings.addsSpace = metadata.boolean("tokenizer.ggml.add_space_prefix", true);
    if (metadata.has(unknownKey)) {
        settings.unknown = static_cast<TokenId>(metadata.integer(unknownKey, 0, largestTokenId));
    }
    return settings;
}

TokenizerFile specialTokensOf(const GgufMetadata& metadata) {
    TokenizerFile file;
    file.path = metadata.source();
    file.settings = {{"added_tokens", addedTokens(metadata)},
                     {"post_processor", postProcessor(metadata, true)}};
    return file;
}

} // namespace planish
