// SPDX-License-Identifier: GPL-3.0-or-later
#include "tokenizer/pre_tokenizer.h"

#include <fmt/format.h>

#include <array>
#include <utility>

namespace planish {
namespace {

constexpr std::size_t mostSteps = 32;
constexpr int deepestSequence = 4;
/// The pattern that ByteLevel itself brings along (GPT-2).
constexpr std::string_view gpt2Pattern =
    R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)";

constexpr std::array<std::pair<std::string_view, PreTokenizer::Behavior>, 5> behaviors{
    {{"Removed", PreTokenizer::Behavior::removed},
     {"Isolated", PreTokenizer::Behavior::isolated},
     {"MergedWithPrevious", PreTokenizer::Behavior::mergedWithPrevious},
     {"MergedWithNext", PreTokenizer::Behavior::mergedWithNext},
     {"Contiguous", PreTokenizer::Behavior::contiguous}}};

PreTokenizer::Behavior readBehavior(const JsonObject& json) {
    const std::string name = json.string("behavior");
    for (const auto& [known, behavior] : behaviors) {
        if (name == known) {
            return behavior;
        }
    }
    throw InputError(json.source(), json.fieldPath("behavior"),
                     "Removed, Isolated, MergedWithPrevious, MergedWithNext or Contiguous", name);
}

/// Older files have add_prefix_space alone.
PreTokenizer::Prepend readPrepend(const JsonObject& json) {
    const std::string usual = json.boolean("add_prefix_space", true) ? "always" : "never";
    const std::string scheme = json.string("prepend_scheme", usual);
    for (const auto& [name, prepend] : {std::pair("always", PreTokenizer::Prepend::always),
                                        std::pair("first", PreTokenizer::Prepend::first),
                                        std::pair("never", PreTokenizer::Prepend::never)}) {
        if (scheme == name) {
            return prepend;
        }
    }
    throw InputError(json.source(), json.fieldPath("prepend_scheme"), "always, first or never", scheme);
}

/// Joins the matched and unmatched parts of a piece as the behaviour asks, and passes them on.
template <typename Emit>
class Joiner {
  public:
    Joiner(std::string_view piece, const PreTokenizer::Step& step, Emit emit)
        : piece_(piece), step_(step), emit_(std::move(emit)) {}

    void add(std::size_t begin, std::size_t end, bool matched) {
        matched = matched != step_.invert;
        if (step_.behavior == PreTokenizer::Behavior::isolated) {
            pass(begin, end);
        } else if (step_.behavior == PreTokenizer::Behavior::removed) {
            if (!matched) {
                pass(begin, end);
            }
        } else if (pending_ && joins(matched)) {
            end_ = end;
        } else {
            finish();
            pending_ = true;
            begin_ = begin;
            end_ = end;
        }
        lastMatched_ = matched;
    }

    void finish() {
        if (std::exchange(pending_, false)) {
            pass(begin_, end_);
        }
    }

  private:
    bool joins(bool matched) const {
        switch (step_.behavior) {
        case PreTokenizer::Behavior::mergedWithPrevious:
            return matched && !lastMatched_;
        case PreTokenizer::Behavior::mergedWithNext:
            return !matched && lastMatched_;
        default:
            return matched == lastMatched_;
        }
    }
    void pass(std::size_t begin, std::size_t end) {
        if (begin < end) {
            emit_(piece_.substr(begin, end - begin));
        }
    }

    std::string_view piece_;
    const PreTokenizer::Step& step_;
    Emit emit_;
    bool pending_ = false;
    bool lastMatched_ = false;
    std::size_t begin_ = 0;
    std::size_t end_ = 0;
};

} // namespace

PreTokenizer::PreTokenizer(const TokenizerFile& file, Spelling spelling) : spelling_(spelling) {
    const JsonObject document(file.settings, file.path);
    if (document.has("pre_tokenizer")) {
        addSteps(document.object("pre_tokenizer"), 0);
    }
    if (spelling == Spelling::byteLevel && !ended_) {
        throw InputError(file.path, "pre_tokenizer", "one that ends in ByteLevel", "none");
    }
}

void PreTokenizer::addSteps(const JsonObject& json, int depth) {
    const std::string type = json.string("type");
    if (ended_ || steps_.size() >= mostSteps || depth > deepestSequence) {
        throw InputError(json.source(), json.fieldPath("type"),
                         fmt::format("at most {} steps, ByteLevel the last", mostSteps), type + " after it");
    }
    if (type == "Sequence") {
        const Json& items = json.array("pretokenizers");
        for (std::size_t i = 0; i < items.size(); ++i) {
            const std::string path = fmt::format("{}[{}]", json.fieldPath("pretokenizers"), i);
            addSteps(JsonObject(items[i], json.source(), path), depth + 1);
        }
    } else if (type == "Split") {
        addSplit(json);
    } else if (type == "Digits") {
        addPattern(R"(\p{N})",
                   json.boolean("individual_digits", false) ? Behavior::isolated : Behavior::contiguous,
                   json);
    } else if (type == "Punctuation") {
        addPattern(R"([\p{P}$+<=>^`|~])", json.has("behavior") ? readBehavior(json) : Behavior::isolated,
                   json);
    } else if (type == "Metaspace" && spelling_ == Spelling::text) {
        addMetaspace(json);
    } else if (type == "ByteLevel" && spelling_ == Spelling::byteLevel) {
        if (json.boolean("add_prefix_space", true)) {
            steps_.emplace_back().prefixSpace = true;
        }
        if (json.boolean("use_regex", true)) {
            addPattern(gpt2Pattern, Behavior::isolated, json);
        }
        ended_ = true;
    } else {
        throw InputError(json.source(), json.fieldPath("type"),
                         fmt::format("Sequence, Split, Digits, Punctuation or {}",
                                     spelling_ == Spelling::text ? "Metaspace" : "ByteLevel"),
                         type);
    }
}

void PreTokenizer::addPattern(std::string_view expression, Behavior behavior, const JsonObject& json) {
    Step step;
    step.pattern = Pattern::regex(expression, json.source(), json.fieldPath("pattern"));
    step.behavior = behavior;
    steps_.push_back(std::move(step));
}

void PreTokenizer::addSplit(const JsonObject& json) {
    Step& step = steps_.emplace_back();
    step.pattern = readPattern(json);
    step.behavior = readBehavior(json);
    step.invert = json.boolean("invert", false);
}

void PreTokenizer::addMetaspace(const JsonObject& json) {
    Metaspace mark{json.string("replacement", "\u2581"), readPrepend(json)};
    if (mark.replacement.empty() || nextCharacter(mark.replacement, 0) != mark.replacement.size()) {
        throw InputError(json.source(), json.fieldPath("replacement"), "one character", mark.replacement);
    }
    const std::string replacement = mark.replacement;
    steps_.emplace_back().metaspace = std::move(mark);
    if (json.boolean("split", true)) {
        Step& step = steps_.emplace_back();
        step.pattern = Pattern::literal(replacement, json.source(), json.fieldPath("replacement"));
        step.behavior = Behavior::mergedWithNext;
    }
}

PreTokenizer::Splitter::Splitter(const PreTokenizer& preTokenizer) : preTokenizer_(preTokenizer) {
    for (const Step& step : preTokenizer.steps_) {
        auto& matcher = matchers_.emplace_back();
        if (step.pattern) {
            matcher.emplace(*step.pattern);
        }
    }
}

void PreTokenizer::Splitter::split(std::string_view text, bool first,
                                   const std::function<void(std::string_view)>& word) {
    start_ = first ? text.data() : nullptr;
    if (!text.empty()) {
        apply(0, text, word);
    }
}

void PreTokenizer::Splitter::apply(std::size_t index, std::string_view piece,
                                   const std::function<void(std::string_view)>& word) {
    if (index == preTokenizer_.steps_.size()) {
        word(piece);
        return;
    }
    const Step& step = preTokenizer_.steps_[index];
    if (step.prefixSpace) {
        const bool there = piece.front() == ' ';
        apply(index + 1, there ? piece : prefixed_.emplace_back(" ").append(piece), word);
        return;
    }
    if (step.metaspace) {
        apply(index + 1, prefixed_.emplace_back(marked(*step.metaspace, piece)), word);
        return;
    }
    Joiner joiner(piece, step, [&](std::string_view part) { apply(index + 1, part, word); });
    Pattern::Matcher& matcher = *matchers_[index];
    std::size_t done = 0; // everything before is passed on
    std::size_t from = 0;
    while (from <= piece.size()) {
        const auto match = matcher.find(piece, from);
        if (!match) {
            break;
        }
        if (done < match->begin) {
            joiner.add(done, match->begin, false);
        }
        // An empty match parts what is before it from what follows.
        if (match->begin < match->end) {
            joiner.add(match->begin, match->end, true);
        }
        done = match->end;
        from = match->begin < match->end ? match->end : nextCharacter(piece, match->end);
    }
    if (done < piece.size()) {
        joiner.add(done, piece.size(), false);
    }
    joiner.finish();
}

std::string PreTokenizer::Splitter::marked(const Metaspace& mark, std::string_view piece) const {
    std::string result;
    const bool prepends =
        mark.prepend == Prepend::always || (mark.prepend == Prepend::first && piece.data() == start_);
    if (prepends && !piece.starts_with(' ') && !piece.starts_with(mark.replacement)) {
        result += mark.replacement;
    }
    for (const char c : piece) {
        if (c == ' ') {
            result += mark.replacement;
        } else {
            result += c;
        }
    }
    return result;
}

} // namespace planish
