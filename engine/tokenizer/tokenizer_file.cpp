// SPDX-License-Identifier: GPL-3.0-or-later
#include "tokenizer/tokenizer_file.h"

#include "support/file.h"
#include "support/text.h"

#include <fmt/format.h>

#include <algorithm>

namespace planish {
namespace {

constexpr std::uint64_t largestFile = 256'000'000;
constexpr std::size_t deepestNesting = 16;
constexpr std::size_t mostTokens = 4'000'000;
constexpr std::size_t mostMerges = 8'000'000;
// Bounds for everything but the two lists: what a hostile file can make the generic JSON document cost.
constexpr std::size_t mostSettings = 2'000'000;
constexpr std::size_t mostKeys = 1000; // per object; looked up one by one

/// Sends the entries of model.vocab and model.merges to their lists and builds JSON from the rest.
class TokenizerHandler : public nlohmann::detail::json_sax_dom_parser<Json> {
    using Base = nlohmann::detail::json_sax_dom_parser<Json>;

  public:
    explicit TokenizerHandler(TokenizerFile& file) : Base(file.settings, false), file_(file) {}

    bool null() { return plain("null") && Base::null(); }
    bool boolean(bool value) { return plain("true or false") && Base::boolean(value); }
    bool number_float(double value, const std::string& text) {
        return plain(text) && Base::number_float(value, text);
    }
    bool number_integer(std::int64_t value) {
        return plain(fmt::format("{}", value)) && Base::number_integer(value);
    }
    bool number_unsigned(std::uint64_t value) {
        if (state_ != State::vocabulary || value > static_cast<std::uint64_t>(largestTokenId)) {
            return plain(fmt::format("{}", value)) && Base::number_unsigned(value);
        }
        file_.vocabulary.back().second = static_cast<TokenId>(value);
        return true;
    }
    bool string(std::string& value) {
        if (state_ == State::merges) {
            addMerge(value);
        } else if (state_ == State::mergePair && pairParts_ < 2) {
            auto& pair = file_.merges.back();
            (pairParts_++ == 0 ? pair.first : pair.second) = std::move(value);
        } else {
            return plain("a string") && Base::string(value);
        }
        return true;
    }

    bool start_object(std::size_t size) {
        plain("an object");
        enter();
        if (depth() == 3 && inModel_ && listKey_ == "vocab") {
            state_ = State::vocabulary;
        }
        return Base::start_object(size);
    }
    bool end_object() {
        leave();
        state_ = State::settings;
        return Base::end_object();
    }
    bool start_array(std::size_t size) {
        if (state_ == State::merges) {
            state_ = State::mergePair;
            pairParts_ = 0;
            newMerge();
            return true;
        }
        plain("an array");
        enter();
        if (depth() == 3 && inModel_ && listKey_ == "merges") {
            state_ = State::merges;
        }
        return Base::start_array(size);
    }
    bool end_array() {
        if (state_ == State::mergePair) {
            if (pairParts_ != 2) {
                plain(fmt::format("an array of {}", pairParts_));
            }
            state_ = State::merges;
            return true;
        }
        leave();
        state_ = State::settings;
        return Base::end_array();
    }

    bool key(std::string& name) {
        if (state_ == State::vocabulary) {
            if (file_.vocabulary.size() == mostTokens) {
                tooMany("model.vocab", mostTokens);
            }
            file_.vocabulary.emplace_back(std::move(name), -1);
            return true;
        }
        if (depth() == 1) {
            inModel_ = name == "model";
        }
        if (depth() == 2) {
            listKey_ = name;
        }
        auto& seen = seen_.back();
        if (seen.size() == mostKeys) {
            tooMany(name, mostKeys);
        }
        if (std::find(seen.begin(), seen.end(), name) != seen.end()) {
            throw InputError(file_.path, name, "each key once", "a duplicate");
        }
        seen.push_back(name);
        return Base::key(name);
    }

    bool parse_error(std::size_t position, const std::string&, const nlohmann::detail::exception& error) {
        throw InputError(file_.path, fmt::format("byte {}", position), "valid JSON", error.what());
    }

  private:
    enum class State { settings, vocabulary, merges, mergePair };

    std::size_t depth() const { return seen_.size(); }

    void enter() {
        if (depth() == deepestNesting) {
            throw InputError(file_.path, "nesting", fmt::format("at most {} levels", deepestNesting), "more");
        }
        seen_.emplace_back();
    }
    void leave() { seen_.pop_back(); }

    [[noreturn]] void tooMany(const std::string& field, std::size_t limit) const {
        throw InputError(file_.path, field, fmt::format("at most {} entries", limit), "more");
    }

    /// Counts a value of the settings; in one of the lists it is out of place.
    bool plain(std::string_view found) {
        switch (state_) {
        case State::settings:
            break;
        case State::vocabulary:
            throw InputError(file_.path, fmt::format("model.vocab.{}", file_.vocabulary.back().first),
                             fmt::format("an id from 0 to {}", largestTokenId), found);
        case State::merges:
            throw InputError(file_.path, fmt::format("model.merges[{}]", file_.merges.size()),
                             "two tokens, \"a b\" or [\"a\", \"b\"]", found);
        case State::mergePair:
            throw InputError(file_.path, fmt::format("model.merges[{}]", file_.merges.size() - 1),
                             "two tokens, \"a b\" or [\"a\", \"b\"]", pairParts_ < 2 ? found : "more");
        }
        if (++settingsCount_ > mostSettings) {
            tooMany("document", mostSettings);
        }
        return true;
    }

    void newMerge() {
        if (file_.merges.size() == mostMerges) {
            tooMany("model.merges", mostMerges);
        }
        file_.merges.emplace_back();
    }

    void addMerge(const std::string& text) {
        if (text.starts_with("#version")) {
            return; // the first line of the merges.txt that old files were made from
        }
        const std::size_t space = text.find(' ');
        if (space == std::string::npos || text.find(' ', space + 1) != std::string::npos) {
            plain(text);
        }
        newMerge();
        file_.merges.back() = {text.substr(0, space), text.substr(space + 1)};
    }

    TokenizerFile& file_;
    State state_ = State::settings;
    std::string listKey_;                        ///< the last key of an object of the document
    std::vector<std::vector<std::string>> seen_; ///< keys of every open container so far
    std::size_t settingsCount_ = 0;
    unsigned pairParts_ = 0;
    bool inModel_ = false;
};

} // namespace

TokenizerFile readTokenizerFile(const std::string& path) {
    const std::string text = readWholeFile(path, largestFile);
    if (!isUtf8(text)) {
        throw InputError(path, "text", "UTF-8", "other bytes");
    }
    TokenizerFile file;
    file.path = path;
    TokenizerHandler handler(file);
    Json::sax_parse(text, &handler);
    return file;
}

std::string tokenizerFileText(const TokenizerFile& file) {
    Json document = file.settings;
    // A plain object looks up each key it gets among those before; the lists are put together as text.
    std::string vocabulary = "{";
    for (const auto& [token, id] : file.vocabulary) {
        vocabulary += fmt::format("{}{}:{}", vocabulary.size() > 1 ? "," : "", Json(token).dump(), id);
    }
    std::string merges = "[";
    for (const auto& [left, right] : file.merges) {
        merges +=
            fmt::format("{}[{},{}]", merges.size() > 1 ? "," : "", Json(left).dump(), Json(right).dump());
    }
    constexpr const char* vocabularyMark = "planish:vocab";
    constexpr const char* mergesMark = "planish:merges";
    document["model"]["vocab"] = vocabularyMark;
    document["model"]["merges"] = mergesMark;
    std::string text = document.dump();
    for (const auto& [mark, list] :
         {std::pair(vocabularyMark, vocabulary + "}"), std::pair(mergesMark, merges + "]")}) {
        const std::string quoted = Json(mark).dump();
        text.replace(text.rfind(quoted), quoted.size(), list);
    }
    return text;
}

} // namespace planish
