// SPDX-License-Identifier: GPL-3.0-or-later
#include "tokenizer/byte_level_model.h"

#include "tokenizer/byte_pair_encoder.h"
#include "tokenizer/pre_tokenizer.h"
#include "tokenizer/word_cache.h"

#include <fmt/format.h>

namespace planish {
namespace {

/// Refuses the kinds of tokenizer that this one would read wrongly, naming what is different.
void refuseOtherKinds(const TokenizerFile& file) {
    const JsonObject document(file.settings, file.path);
    const JsonObject model = document.object("model");
    if (const std::string type = model.string("type", "BPE"); type != "BPE") {
        throw InputError(file.path, "model.type", "BPE", type);
    }
    if (model.boolean("byte_fallback", false)) {
        throw InputError(file.path, "model.byte_fallback", "false, a byte-level vocabulary",
                         "true, a SentencePiece one");
    }
    for (const auto& [key, expected] : {std::pair("normalizer", ""), std::pair("decoder", "ByteLevel")}) {
        const std::string type = document.has(key) ? document.object(key).string("type") : "";
        if (!type.empty() && type != expected) {
            throw InputError(file.path, fmt::format("{}.type", key),
                             *expected == '\0' ? "no normalizer" : expected, type);
        }
    }
}

const TokenizerFile& checked(const TokenizerFile& file) {
    refuseOtherKinds(file);
    return file;
}

class ByteLevelModel final : public TokenModel {
  public:
    ByteLevelModel(const TokenizerFile& file, const std::vector<AddedToken>& added)
        : vocabulary_(checked(file), added), encoder_(file, vocabulary_), preTokenizer_(file) {}

    std::unique_ptr<Run> start(std::size_t textSize) const override;
    std::size_t size() const override { return vocabulary_.size(); }
    std::string_view bytes(TokenId id) const override { return vocabulary_.bytes(id); }
    std::optional<TokenId> find(std::string_view bytes) const override { return vocabulary_.find(bytes); }
    std::string description() const override {
        return fmt::format("byte-level BPE, {} tokens, {} merges", vocabulary_.tokenCount(),
                           encoder_.mergeCount());
    }

  private:
    class Words;

    Vocabulary vocabulary_;
    BytePairEncoder encoder_;
    PreTokenizer preTokenizer_;
};

class ByteLevelModel::Words final : public Run {
  public:
    Words(const ByteLevelModel& model, std::size_t textSize)
        : model_(model), splitter_(model.preTokenizer_), cache_(textSize) {}

    void encode(std::string_view part, bool, std::vector<TokenId>& out) override {
        splitter_.split(part, [&](std::string_view word) {
            if (!cache_.repeat(word, out)) {
                const std::size_t first = out.size();
                model_.encoder_.encode(word, model_.vocabulary_, out);
                cache_.remember(word, first, out.size() - first);
            }
        });
    }

  private:
    const ByteLevelModel& model_;
    PreTokenizer::Splitter splitter_;
    WordCache cache_;
};

std::unique_ptr<TokenModel::Run> ByteLevelModel::start(std::size_t textSize) const {
    return std::make_unique<Words>(*this, textSize);
}

} // namespace

std::unique_ptr<const TokenModel> makeByteLevelModel(const TokenizerFile& file,
                                                     const std::vector<AddedToken>& added) {
    return std::make_unique<const ByteLevelModel>(file, added);
}

} // namespace planish
