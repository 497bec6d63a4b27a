// SPDX-License-Identifier: GPL-3.0-or-later
#include "tokenizer/sentencepiece_model.h"

#include "support/file.h"
#include "support/text.h"
#include "tokenizer/text_decoder.h"

#include <fmt/format.h>
#include <sentencepiece_processor.h>

#include <algorithm>
#include <map>
#include <system_error>

namespace planish {
namespace {

constexpr std::uint64_t largestModel = 256 << 20; // bytes
constexpr std::uint64_t largestConfig = 16 << 20; // bytes
constexpr const char* spaceMark = "\u2581";
constexpr const char* configFile = "tokenizer_config.json";

using Processor = sentencepiece::SentencePieceProcessor;

/// What a piece of a vocabulary stands for.
std::string meaningOf(const Processor& pieces, int id) {
    const std::string& piece = pieces.IdToPiece(id);
    if (pieces.IsByte(id)) {
        return {static_cast<char>(byteOf(piece))};
    }
    return replaced(piece, spaceMark, " ");
}

class SentencePieceModel final : public TokenModel {
  public:
    SentencePieceModel(std::unique_ptr<const Processor> pieces, const std::vector<AddedToken>& added)
        : pieces_(std::move(pieces)) {
        for (int id = 0; id < pieces_->GetPieceSize(); ++id) {
            meaning_.push_back(meaningOf(*pieces_, id));
        }
        for (const AddedToken& token : added) {
            const auto index = static_cast<std::size_t>(token.id);
            meaning_.resize(std::max(meaning_.size(), index + 1));
            meaning_[index] = token.content;
        }
        std::vector<int> ids;
        addsSpace_ = pieces_->Encode("a", &ids).ok() && !ids.empty() &&
                     pieces_->IdToPiece(ids.front()).starts_with(spaceMark);
    }

    std::unique_ptr<Run> start(std::size_t) const override { return std::make_unique<Parts>(*pieces_); }
    std::size_t size() const override { return meaning_.size(); }
    std::string_view bytes(TokenId id) const override {
        return id < 0 || static_cast<std::size_t>(id) >= meaning_.size()
                   ? std::string_view()
                   : meaning_[static_cast<std::size_t>(id)];
    }
    std::optional<TokenId> find(std::string_view bytes) const override {
        const std::string piece = replaced(bytes, " ", spaceMark);
        const TokenId id = pieces_->PieceToId(piece);
        return pieces_->IdToPiece(id) == piece ? std::optional(id) : std::nullopt;
    }
    bool addsSpace() const override { return addsSpace_; }
    std::string description() const override {
        return fmt::format("SentencePiece, {} tokens", pieces_->GetPieceSize());
    }

  private:
    class Parts final : public Run {
      public:
        explicit Parts(const Processor& pieces) : pieces_(pieces) {}
        void encode(std::string_view part, bool, std::vector<TokenId>& out) override {
            std::vector<int> ids;
            const auto status = pieces_.Encode({part.data(), part.size()}, &ids);
            if (!status.ok()) {
                throw Error(fmt::format("SentencePiece cannot encode a text: {}", status.ToString()));
            }
            out.insert(out.end(), ids.begin(), ids.end());
        }

      private:
        const Processor& pieces_;
    };

    std::unique_ptr<const Processor> pieces_;
    std::vector<std::string> meaning_; ///< by id
    bool addsSpace_ = false;
};

std::unique_ptr<Processor> load(const std::filesystem::path& path) {
    const std::string bytes = readWholeFile(path, largestModel);
    auto pieces = std::make_unique<Processor>();
    if (const auto status = pieces->LoadFromSerializedProto({bytes.data(), bytes.size()}); !status.ok()) {
        throw InputError(path.string(), "model", "a vocabulary of SentencePiece",
                         printable(status.ToString(), 400));
    }
    for (int id = 0; id < pieces->GetPieceSize(); ++id) {
        const std::string& piece = pieces->IdToPiece(id);
        if (!isUtf8(piece) || (pieces->IsByte(id) && byteOf(piece) < 0)) {
            throw InputError(path.string(), fmt::format("piece {}", id),
                             pieces->IsByte(id) ? "a byte, such as <0x0A>" : "UTF-8", printable(piece, 40));
        }
    }
    return pieces;
}

Json addedToken(TokenId id, const std::string& content, bool special) {
    return {{"id", id}, {"content", content}, {"special", special}, {"normalized", false}};
}

/// Puts the tokens of a text between BOS and EOS where these are wanted.
Json postProcessor(const Processor& pieces, bool begins, bool ends) {
    Json single = Json::array();
    Json special = Json::object();
    const auto add = [&](bool wanted, int id) {
        if (wanted && id >= 0) {
            const std::string& text = pieces.IdToPiece(id);
            single.push_back({{"SpecialToken", {{"id", text}}}});
            special[text] = {{"ids", {id}}};
        }
    };
    add(begins, pieces.bos_id());
    single.push_back({{"Sequence", {{"id", "A"}}}});
    add(ends, pieces.eos_id());
    return {{"type", "TemplateProcessing"}, {"single", single}, {"special_tokens", special}};
}

/// Of tokenizer_config.json: tokens by id, as one of "added_tokens" of a tokenizer.json.
void addConfigured(const JsonObject& config, std::map<TokenId, Json>& added) {
    if (!config.has("added_tokens_decoder")) {
        return;
    }
    const JsonObject tokens = config.object("added_tokens_decoder");
    for (const auto& [key, value] : config.at("added_tokens_decoder").items()) {
        const Json number = parseJson(key, config.source());
        const Json single{{"id", number}};
        const JsonObject idField(single, config.source(), tokens.fieldPath(key));
        const auto id = static_cast<TokenId>(idField.integer("id", 0, largestTokenId));
        JsonObject(value, config.source(), tokens.fieldPath(key)); // is one
        Json token = value;
        token["id"] = id;
        added[id] = std::move(token);
    }
}

} // namespace

struct SentencePieceFile::Vocabulary {
    std::unique_ptr<Processor> pieces;
};

SentencePieceFile::SentencePieceFile(const std::filesystem::path& folder) : vocabulary_(new Vocabulary) {
    const std::filesystem::path path = folder / sentencePieceFile;
    vocabulary_->pieces = load(path);
    const Processor& pieces = *vocabulary_->pieces;
    std::map<TokenId, Json> added;
    for (int id = 0; id < pieces.GetPieceSize(); ++id) {
        if (pieces.IsControl(id)) {
            added[id] = addedToken(id, pieces.IdToPiece(id), true);
        }
    }
    bool begins = true;
    bool ends = false;
    std::error_code ignored;
    if (std::filesystem::exists(folder / configFile, ignored)) {
        const Json document = parseJsonFile((folder / configFile).string(), largestConfig);
        const JsonObject config(document, (folder / configFile).string());
        addConfigured(config, added);
        begins = config.boolean("add_bos_token", true);
        ends = config.boolean("add_eos_token", false);
    }
    specials_.path = path.string();
    specials_.settings = {{"added_tokens", Json::array()},
                          {"post_processor", postProcessor(pieces, begins, ends)}};
    for (auto& [id, token] : added) {
        specials_.settings["added_tokens"].push_back(std::move(token));
    }
}

SentencePieceFile::~SentencePieceFile() = default;

std::vector<SentencePieceToken> SentencePieceFile::tokens() const {
    using Kind = SentencePieceToken::Kind;
    const Processor& pieces = *vocabulary_->pieces;
    std::vector<SentencePieceToken> tokens;
    for (int id = 0; id < pieces.GetPieceSize(); ++id) {
        const Kind kind = pieces.IsUnknown(id)   ? Kind::unknown
                          : pieces.IsControl(id) ? Kind::control
                          : pieces.IsUnused(id)  ? Kind::unused
                          : pieces.IsByte(id)    ? Kind::byte
                                                 : Kind::normal;
        tokens.push_back({pieces.IdToPiece(id), pieces.GetScore(id), kind});
    }
    return tokens;
}

std::unique_ptr<const TokenModel> SentencePieceFile::takeModel(const std::vector<AddedToken>& added) {
    return std::make_unique<const SentencePieceModel>(std::move(vocabulary_->pieces), added);
}

} // namespace planish
