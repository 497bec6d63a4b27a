// SPDX-License-Identifier: GPL-3.0-or-later
#include "tokenizer/byte_pair_model.h"

#include "tokenizer/byte_pair_encoder.h"
#include "tokenizer/pre_tokenizer.h"
#include "tokenizer/text_decoder.h"
#include "tokenizer/word_cache.h"

#include <fmt/format.h>

namespace planish {
namespace {

/// Refuses the kinds of tokenizer that this one would read wrongly, naming what is different.
void refuseOtherKinds(const TokenizerFile& file, Spelling spelling) {
    const JsonObject document(file.settings, file.path);
    const JsonObject model = document.object("model");
    if (const std::string type = model.string("type", "BPE"); type != "BPE") {
        throw InputError(file.path, "model.type", "BPE", type);
    }
    if (spelling == Spelling::text) {
        return;
    }
    if (model.boolean("byte_fallback", false)) {
        throw InputError(file.path, "model.byte_fallback",
                         "false, as pre_tokenizer makes a byte-level vocabulary", "true");
    }
    const std::string decoder = document.has("decoder") ? document.object("decoder").string("type") : "";
    if (!decoder.empty() && decoder != "ByteLevel") {
        throw InputError(file.path, "decoder.type", "ByteLevel", decoder);
    }
}

const TokenizerFile& checked(const TokenizerFile& file, Spelling spelling) {
    refuseOtherKinds(file, spelling);
    return file;
}

class BytePairModel : public TokenModel {
  public:
    BytePairModel(const TokenizerFile& file, const std::vector<AddedToken>& added, Spelling spelling)
        : vocabulary_(checked(file, spelling), added, spelling),
          encoder_(file, vocabulary_, spelling),
          preTokenizer_(file, spelling) {}

    std::unique_ptr<Run> start(std::size_t textSize) const override;
    std::size_t size() const override { return vocabulary_.size(); }
    std::string_view bytes(TokenId id) const override { return vocabulary_.bytes(id); }
    std::optional<TokenId> find(std::string_view bytes) const override { return vocabulary_.find(bytes); }
    std::string description() const override {
        return fmt::format("byte-level BPE, {} tokens, {} merges", vocabulary_.tokenCount(),
                           encoder_.mergeCount());
    }

  protected:
    const Vocabulary& vocabulary() const { return vocabulary_; }
    const BytePairEncoder& encoder() const { return encoder_; }

  private:
    class Words;

    Vocabulary vocabulary_;
    BytePairEncoder encoder_;
    PreTokenizer preTokenizer_;
};

/// The same of tokens that are text.
class TextPairModel final : public BytePairModel {
  public:
    TextPairModel(const TokenizerFile& file, const std::vector<AddedToken>& added)
        : BytePairModel(file, added, Spelling::text), decoder_(file) {
        for (std::size_t id = 0; id < size(); ++id) {
            meaning_.push_back(decoder_.bytes(vocabulary().bytes(static_cast<TokenId>(id))));
        }
    }

    std::string_view bytes(TokenId id) const override {
        return id < 0 || static_cast<std::size_t>(id) >= meaning_.size()
                   ? std::string_view()
                   : meaning_[static_cast<std::size_t>(id)];
    }
    std::optional<TokenId> find(std::string_view bytes) const override {
        return vocabulary().find(decoder_.token(bytes));
    }
    bool addsSpace() const override { return decoder_.stripsSpace(); }
    std::string description() const override {
        return fmt::format("BPE of characters, {} tokens, {} merges", vocabulary().tokenCount(),
                           encoder().mergeCount());
    }

  private:
    TextDecoder decoder_;
    std::vector<std::string> meaning_; ///< by id
};

class BytePairModel::Words final : public Run {
  public:
    Words(const BytePairModel& model, std::size_t textSize)
        : model_(model), splitter_(model.preTokenizer_), cache_(textSize) {}

    void encode(std::string_view part, bool first, std::vector<TokenId>& out) override {
        splitter_.split(part, first, [&](std::string_view word) {
            if (!cache_.repeat(word, out)) {
                const std::size_t begin = out.size();
                model_.encoder_.encode(word, model_.vocabulary_, out);
                cache_.remember(word, begin, out.size() - begin);
            }
        });
    }

  private:
    const BytePairModel& model_;
    PreTokenizer::Splitter splitter_;
    WordCache cache_;
};

std::unique_ptr<TokenModel::Run> BytePairModel::start(std::size_t textSize) const {
    return std::make_unique<Words>(*this, textSize);
}

} // namespace

std::unique_ptr<const TokenModel> makeBytePairModel(const TokenizerFile& file,
                                                    const std::vector<AddedToken>& added) {
    if (spellingOf(file) == Spelling::text) {
        return std::make_unique<const TextPairModel>(file, added);
    }
    return std::make_unique<const BytePairModel>(file, added, Spelling::byteLevel);
}

} // namespace planish
