// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "tokenizer/pattern.h"
#include "tokenizer/tokenizer_file.h"
#include "tokenizer/vocabulary.h"

#include <deque>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace planish {

/// Cuts text into the words that byte-pair encoding works on: the steps of "pre_tokenizer", of which
/// ByteLevel must be the last where tokens spell bytes. Thread-safe after construction.
class PreTokenizer {
  public:
    /// What becomes of the parts a pattern matches (the names are the file format's).
    enum class Behavior { removed, isolated, mergedWithPrevious, mergedWithNext, contiguous };

    /// Throws InputError for kinds that are not supported, naming them.
    PreTokenizer(const TokenizerFile& file, Spelling spelling);

    /// Where Metaspace puts its mark in front of what does not begin with one.
    enum class Prepend { always, first, never };
    struct Metaspace {
        std::string replacement; ///< stands for a space
        Prepend prepend = Prepend::always;
    };

    struct Step {
        bool prefixSpace = false;           ///< puts a space in front unless there is one; has no pattern
        std::optional<Metaspace> metaspace; ///< puts marks in the place of spaces; has no pattern
        std::optional<Pattern> pattern;
        Behavior behavior = Behavior::isolated;
        bool invert = false; ///< what the pattern does not match counts as matched
    };

    /// The words of many texts for one thread. Words stay valid as long as the texts and this.
    class Splitter {
      public:
        explicit Splitter(const PreTokenizer& preTokenizer);
        /// Calls `word` for each word of `text`, well-formed UTF-8, in order. `first`: nothing is before it.
        void split(std::string_view text, bool first, const std::function<void(std::string_view)>& word);

      private:
        void apply(std::size_t step, std::string_view piece,
                   const std::function<void(std::string_view)>& word);

        std::string marked(const Metaspace& mark, std::string_view piece) const;

        const PreTokenizer& preTokenizer_;
        const char* start_ = nullptr;                           ///< of the text, where nothing is before it
        std::vector<std::optional<Pattern::Matcher>> matchers_; ///< one a step
        std::deque<std::string> prefixed_;                      ///< pieces that got spaces or marks
    };

  private:
    void addSteps(const JsonObject& json, int depth);
    void addSplit(const JsonObject& json);
    void addMetaspace(const JsonObject& json);
    void addPattern(std::string_view expression, Behavior behavior, const JsonObject& json);

    Spelling spelling_;
    std::vector<Step> steps_;
    bool ended_ = false; ///< ByteLevel has been seen
};

} // namespace planish
