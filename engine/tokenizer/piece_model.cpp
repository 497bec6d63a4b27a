// SPDX-License-Identifier: GPL-3.0-or-later
#include "tokenizer/piece_model.h"

#include "support/error.h"
#include "tokenizer/text_decoder.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <queue>
#include <tuple>

namespace planish {
namespace {

constexpr std::string_view spaceMark = "\xe2\x96\x81"; // U+2581

std::size_t characterSize(char first) {
    const auto byte = static_cast<unsigned char>(first);
    return byte < 0x80 ? 1 : byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4;
}

class PieceModel final : public TokenModel {
  public:
    PieceModel(std::vector<Piece> pieces, const PieceSettings& settings)
        : pieces_(std::move(pieces)), settings_(settings) {
        byteIds_.fill(-1);
        for (std::size_t i = 0; i < pieces_.size(); ++i) {
            Piece& piece = pieces_[i];
            if (!std::isfinite(piece.score)) {
                throw InputError(settings.source, fmt::format("score of token {}", i), "a finite number",
                                 fmt::format("{}", piece.score));
            }
            if (piece.isByte) {
                addByte(static_cast<TokenId>(i));
                continue;
            }
            sorted_.push_back(static_cast<TokenId>(i));
            meaning_.push_back(replaced(piece.text, spaceMark, " "));
        }
        // Of two pieces with the same text the first counts.
        std::stable_sort(sorted_.begin(), sorted_.end(),
                         [this](TokenId a, TokenId b) { return text(a) < text(b); });
    }

    std::unique_ptr<Run> start(std::size_t textSize) const override;
    std::size_t size() const override { return pieces_.size(); }
    std::string_view bytes(TokenId id) const override {
        return id < 0 || static_cast<std::size_t>(id) >= meaning_.size()
                   ? std::string_view()
                   : meaning_[static_cast<std::size_t>(id)];
    }
    std::optional<TokenId> find(std::string_view bytes) const override {
        const TokenId id = pieceOf(replaced(bytes, " ", spaceMark));
        return id < 0 ? std::nullopt : std::optional(id);
    }
    bool addsSpace() const override { return settings_.addsSpace; }
    std::string description() const override {
        return fmt::format("SentencePiece BPE, {} tokens", pieces_.size());
    }

    void encode(std::string_view marked, std::vector<TokenId>& out) const;

  private:
    class Parts;
    struct Symbol {
        std::uint32_t begin = 0;
        std::uint32_t size = 0; ///< 0 when merged into the one before
        std::int32_t previous = -1;
        std::int32_t next = -1;
    };
    struct Candidate {
        float score = 0;
        std::int32_t left = 0;
        std::uint32_t size = 0; ///< of both together, to see whether it is out of date
        bool operator<(const Candidate& other) const {
            return score != other.score ? score < other.score : left > other.left;
        }
    };

    std::string_view text(TokenId id) const { return pieces_[static_cast<std::size_t>(id)].text; }

    /// -1 when there is none.
    TokenId pieceOf(std::string_view wanted) const {
        const auto at =
            std::lower_bound(sorted_.begin(), sorted_.end(), wanted,
                             [this](TokenId id, std::string_view other) { return text(id) < other; });
        return at == sorted_.end() || text(*at) != wanted ? -1 : *at;
    }

    void addByte(TokenId id) {
        const int byte = byteOf(text(id));
        if (byte < 0) {
            throw InputError(settings_.source, fmt::format("token {}", id), "a byte, such as <0x0A>",
                             text(id));
        }
        byteIds_[static_cast<std::size_t>(byte)] = id;
        meaning_.emplace_back(1, static_cast<char>(byte));
    }

    void emit(std::string_view symbol, std::vector<TokenId>& out) const {
        if (const TokenId id = pieceOf(symbol); id >= 0) {
            out.push_back(id);
            return;
        }
        for (const char c : symbol) {
            const TokenId id = byteIds_[static_cast<unsigned char>(c)];
            out.push_back(id >= 0 ? id : settings_.unknown);
        }
    }

    std::vector<Piece> pieces_;
    PieceSettings settings_;
    std::vector<std::string> meaning_;   ///< by id
    std::vector<TokenId> sorted_;        ///< those that are no bytes, by their text
    std::array<TokenId, 256> byteIds_{}; ///< -1 where there is none
};

void PieceModel::encode(std::string_view marked, std::vector<TokenId>& out) const {
    std::vector<Symbol> symbols;
    for (std::size_t at = 0; at < marked.size();) {
        const auto size = static_cast<std::uint32_t>(std::min(characterSize(marked[at]), marked.size() - at));
        const auto index = static_cast<std::int32_t>(symbols.size());
        symbols.push_back({static_cast<std::uint32_t>(at), size, index - 1, index + 1});
        at += size;
    }
    if (symbols.empty()) {
        return;
    }
    symbols.back().next = -1;
    const auto symbol = [&](std::int32_t at) -> Symbol& { return symbols[static_cast<std::size_t>(at)]; };
    std::priority_queue<Candidate> candidates;
    const auto consider = [&](std::int32_t left) {
        if (left < 0 || symbol(left).next < 0) {
            return;
        }
        const std::uint32_t size = symbol(left).size + symbol(symbol(left).next).size;
        const TokenId id = pieceOf(marked.substr(symbol(left).begin, size));
        if (id >= 0) {
            candidates.push({pieces_[static_cast<std::size_t>(id)].score, left, size});
        }
    };
    for (std::int32_t i = 0; symbol(i).next >= 0; ++i) {
        consider(i);
    }
    while (!candidates.empty()) {
        const Candidate candidate = candidates.top();
        candidates.pop();
        Symbol& left = symbol(candidate.left);
        if (left.size == 0 || left.next < 0 || left.size + symbol(left.next).size != candidate.size) {
            continue; // one of the two has been merged since
        }
        Symbol& right = symbol(left.next);
        left.size = candidate.size;
        left.next = right.next;
        right.size = 0;
        if (left.next >= 0) {
            symbol(left.next).previous = candidate.left;
        }
        consider(left.previous);
        consider(candidate.left);
    }
    for (std::int32_t at = 0; at >= 0; at = symbol(at).next) {
        emit(marked.substr(symbol(at).begin, symbol(at).size), out);
    }
}

class PieceModel::Parts final : public Run {
  public:
    explicit Parts(const PieceModel& model) : model_(model) {}

    void encode(std::string_view part, bool, std::vector<TokenId>& out) override {
        std::string marked = replaced(part, " ", spaceMark);
        if (model_.settings_.addsSpace && !part.empty()) {
            marked.insert(0, spaceMark);
        }
        model_.encode(marked, out);
    }

  private:
    const PieceModel& model_;
};

std::unique_ptr<TokenModel::Run> PieceModel::start(std::size_t) const {
    return std::make_unique<Parts>(*this);
}

} // namespace

std::unique_ptr<const TokenModel> makePieceModel(std::vector<Piece> pieces, const PieceSettings& settings) {
    if (pieces.empty() || settings.unknown < 0 ||
        static_cast<std::size_t>(settings.unknown) >= pieces.size()) {
        throw InputError(settings.source, "unknown token", fmt::format("an id below {}", pieces.size()),
                         fmt::format("{}", settings.unknown));
    }
    return std::make_unique<const PieceModel>(std::move(pieces), settings);
}

} // namespace planish
