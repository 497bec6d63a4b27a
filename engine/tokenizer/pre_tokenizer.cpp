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

std::size_t nextCharacter(std::string_view text, std::size_t at) {
    do {
        ++at;
    } while (at < text.size() && (static_cast<unsigned char>(text[at]) & 0xc0) == 0x80);
    return at;
}

} // namespace

PreTokenizer::PreTokenizer(const TokenizerFile& file) {
    const JsonObject document(file.settings, file.path);
    if (document.has("pre_tokenizer")) {
        addSteps(document.object("pre_tokenizer"), 0);
    }
    if (!ended_) {
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
    } else if (type == "ByteLevel") {
        if (json.boolean("add_prefix_space", true)) {
            steps_.emplace_back().prefixSpace = true;
        }
        if (json.boolean("use_regex", true)) {
            addPattern(gpt2Pattern, Behavior::isolated, json);
        }
        ended_ = true;
    } else {
        throw InputError(json.source(), json.fieldPath("type"),
                         "Sequence, Split, Digits, Punctuation or ByteLevel", type);
    }
}

void PreTokenizer::addPattern(std::string_view expression, Behavior behavior, const JsonObject& json) {
    Step step;
    step.pattern = Pattern::regex(expression, json.source(), json.fieldPath("pattern"));
    step.behavior = behavior;
    steps_.push_back(std::move(step));
}

void PreTokenizer::addSplit(const JsonObject& json) {
    const JsonObject pattern = json.object("pattern");
    if (pattern.has("Regex")) {
        addPattern(pattern.string("Regex"), readBehavior(json), json);
    } else if (pattern.has("String")) {
        Step step;
        step.pattern = Pattern::literal(pattern.string("String"), json.source(), pattern.fieldPath("String"));
        step.behavior = readBehavior(json);
        steps_.push_back(std::move(step));
    } else {
        throw InputError(json.source(), json.fieldPath("pattern"), "a Regex or a String", "neither");
    }
    steps_.back().invert = json.boolean("invert", false);
}

PreTokenizer::Splitter::Splitter(const PreTokenizer& preTokenizer) : preTokenizer_(preTokenizer) {
    for (const Step& step : preTokenizer.steps_) {
        auto& matcher = matchers_.emplace_back();
        if (step.pattern) {
            matcher.emplace(*step.pattern);
        }
    }
}

void PreTokenizer::Splitter::split(std::string_view text, const std::function<void(std::string_view)>& word) {
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

} // namespace planish
