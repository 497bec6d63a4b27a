// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "support/json.h"

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace planish {

/// A regular expression of a tokenizer.json, with Unicode properties and with the meaning that Oniguruma
/// (Ruby syntax, the library behind the Hugging Face tokenizers) gives to white space and line ends.
/// Immutable and thread-safe; searching is a Matcher's.
class Pattern {
  public:
    struct Match {
        std::size_t begin = 0; ///< bytes
        std::size_t end = 0;
    };

    /// `expression` is UTF-8; `field` names it in messages. Throws InputError when it is malformed, too long,
    /// or uses what cannot be translated.
    static Pattern regex(std::string_view expression, const std::string& file, const std::string& field);
    /// Matches `text` itself.
    static Pattern literal(std::string_view text, const std::string& file, const std::string& field);

    /// The state of a search, to be used by one thread.
    class Matcher {
      public:
        explicit Matcher(const Pattern& pattern);
        /// The first match at or after byte `from`. `subject` must be well-formed UTF-8 and `from` at a
        /// character. Throws Error when the pattern needs unreasonably many steps.
        std::optional<Match> find(std::string_view subject, std::size_t from);

      private:
        struct State;
        struct Free {
            void operator()(State* state) const;
        };
        std::unique_ptr<State, Free> state_;
    };

  private:
    struct Code;
    static Pattern compile(std::string expression, unsigned options, const std::string& file,
                           const std::string& field);
    std::shared_ptr<const Code> code_;
};

/// The "pattern" of a step of a tokenizer.json: {"Regex": …} or {"String": …}. Throws InputError otherwise.
Pattern readPattern(const JsonObject& json);

/// Where the character after the one at byte `at` begins, in well-formed UTF-8.
std::size_t nextCharacter(std::string_view text, std::size_t at);

} // namespace planish
