// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "tokenizer/tokenizer.h"

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace planish {

/// What a tokenizer makes of text between added tokens, and which bytes its tokens stand for. Immutable and
/// thread-safe.
class TokenModel {
  public:
    TokenModel() = default;
    TokenModel(const TokenModel&) = delete;
    TokenModel& operator=(const TokenModel&) = delete;
    virtual ~TokenModel() = default;

    /// The encoding of one text, part by part, on one thread.
    class Run {
      public:
        virtual ~Run() = default;
        /// Appends the tokens of `part`, well-formed UTF-8, which must outlive this. `first`: it begins the
        /// text; other parts follow an added token.
        virtual void encode(std::string_view part, bool first, std::vector<TokenId>& out) = 0;
    };
    /// For a text of so many bytes; this must outlive what is returned.
    virtual std::unique_ptr<Run> start(std::size_t textSize) const = 0;

    /// One past the largest id.
    virtual std::size_t size() const = 0;
    /// What a token stands for; empty for an id without token.
    virtual std::string_view bytes(TokenId id) const = 0;
    /// The ordinary token of exactly these bytes.
    virtual std::optional<TokenId> find(std::string_view bytes) const = 0;
    /// Whether encoding puts a space in front of a text, which decoding takes away.
    virtual bool addsSpace() const { return false; }
    virtual std::string description() const = 0;
};

} // namespace planish
