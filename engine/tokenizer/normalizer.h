// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "tokenizer/pattern.h"
#include "tokenizer/tokenizer_file.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace planish {

/// What "normalizer" makes of text before it is cut: Unicode's normalization forms (NFC, NFD, NFKC, NFKD),
/// Prepend, Replace, and a Sequence of these. Immutable and thread-safe.
class Normalizer {
  public:
    /// Throws InputError for other kinds, naming them.
    explicit Normalizer(const TokenizerFile& file);

    bool isIdentity() const { return steps_.empty(); }
    /// Of well-formed UTF-8, which it stays. Throws Error when a pattern needs unreasonably many steps.
    std::string apply(std::string_view text) const;

  private:
    enum class Kind { composed, decomposed, compatiblyComposed, compatiblyDecomposed, prepend, replace };
    struct Step {
        Kind kind = Kind::composed;
        std::string content; ///< put in front, or in the place of what the pattern matches
        std::optional<Pattern> pattern;
    };
    void addSteps(const JsonObject& json, int depth);
    void addReplace(const JsonObject& json);
    static std::string replaced(const Step& step, std::string_view text);

    std::vector<Step> steps_;
};

} // namespace planish
