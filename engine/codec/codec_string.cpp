// SPDX-License-Identifier: GPL-3.0-or-later
#include "codec/codec_string.h"

#include "codec/codec_table.h"
#include "support/text.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <optional>

namespace planish {
namespace {

constexpr std::size_t longestString = 256;
constexpr int deepestNesting = 3;
constexpr std::size_t smallestGroup = 8;
constexpr std::size_t largestGroup = 1024;
constexpr std::uint32_t onePercent = 10000;

/// A decimal whole number without sign or leading zeros.
std::optional<std::uint32_t> wholeNumber(std::string_view text) {
    std::uint32_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size() || (text.size() > 1 && text[0] == '0')) {
        return std::nullopt;
    }
    return value;
}

bool equalIgnoringCase(std::string_view a, std::string_view b) {
    const auto upper = [](char letter) {
        return letter >= 'a' && letter <= 'z' ? static_cast<char>(letter - 'a' + 'A') : letter;
    };
    return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                      [&](char one, char other) { return upper(one) == upper(other); });
}

/// "0.45" as parts per million of a percentage: up to four decimals, so that printing is exact.
std::optional<std::uint32_t> percentage(std::string_view text) {
    const std::size_t point = text.find('.');
    const auto whole = wholeNumber(text.substr(0, point));
    std::string decimals(point == std::string_view::npos ? "0" : text.substr(point + 1));
    if (!whole || *whole > 100 || decimals.empty() || decimals.size() > 4 ||
        decimals.find_first_not_of("0123456789") != std::string::npos) {
        return std::nullopt;
    }
    decimals.resize(4, '0');
    return *whole * onePercent + static_cast<std::uint32_t>(std::stoul(decimals));
}

/// "3.25" as hundredths.
std::optional<int> bitRate(std::string_view text, bool fractional) {
    constexpr std::uint32_t most = 99;
    const std::size_t point = fractional ? text.find('.') : std::string_view::npos;
    const auto whole = wholeNumber(text.substr(0, point));
    std::string decimals(point == std::string_view::npos ? "0" : text.substr(point + 1));
    if (!whole || *whole > most || decimals.empty() || decimals.size() > 2 ||
        decimals.find_first_not_of("0123456789") != std::string::npos) {
        return std::nullopt;
    }
    decimals.resize(2, '0');
    return static_cast<int>(*whole) * 100 + std::stoi(decimals);
}

std::vector<std::string> formatWords() {
    std::vector<std::string> words;
    for (const FormatEntry& entry : formatEntries()) {
        for (int bits = entry.fewestBits; bits <= entry.mostBits; ++bits) {
            words.push_back(entry.family + (bits == 0 ? "" : std::to_string(bits)));
        }
    }
    for (const CodecAlias& alias : codecAliases()) {
        words.push_back(alias.name);
    }
    return words;
}

std::vector<std::string> stageWords() {
    std::vector<std::string> words;
    for (const StageEntry& entry : stageEntries()) {
        words.push_back(entry.member.name);
    }
    return words;
}

std::vector<std::string> optionWords(const FormatEntry& entry) {
    std::vector<std::string> words;
    if (entry.hasSymmetric) {
        words.emplace_back("sym");
    }
    if (entry.hasGroups) {
        words.insert(words.end(), {"g8", "g16", "g32", "g64", "g128", "g256", "g1024", "row"});
    }
    if (entry.hasScaleType) {
        words.insert(words.end(), {"scale=fp16", "scale=bf16", "scale=int8", "scale=int6"});
    }
    for (const NumberOption& option : entry.numberOptions) {
        for (const std::uint32_t number : option.numbers) {
            words.push_back(option.word(number));
        }
    }
    return words;
}

/// What a format's options have said so far.
struct OptionsGiven {
    bool group = false;
    bool scale = false;
    std::vector<std::string> letters; ///< of its number options
};

/// Reads one codec, with position, from a longer string.
class Parser {
  public:
    explicit Parser(std::string_view text) : text_(text) {}

    CodecSpec whole() {
        if (text_.size() > longestString) {
            fail(0, text_, fmt::format("at most {} characters", longestString));
        }
        CodecSpec spec = codec(1, true);
        if (at_ < text_.size()) {
            fail(at_, text_.substr(at_), "the end of the codec");
        }
        return spec;
    }

  private:
    /// Text up to the next character that ends a word.
    std::string_view word() {
        const std::size_t start = at_;
        at_ = std::min(text_.find_first_of(":+()", at_), text_.size());
        return text_.substr(start, at_ - start);
    }

    bool take(char character) {
        if (at_ < text_.size() && text_[at_] == character) {
            ++at_;
            return true;
        }
        return false;
    }

    CodecSpec codec(int depth, bool withStages) {
        if (depth > deepestNesting) {
            fail(at_, text_.substr(at_), fmt::format("at most {} codecs within one another", deepestNesting));
        }
        CodecSpec spec = head();
        while (withStages && take('+')) {
            stage(spec, depth);
        }
        std::sort(spec.stages.begin(), spec.stages.end(),
                  [](const StageSpec& a, const StageSpec& b) { return a.entry < b.entry; });
        return spec;
    }

    /// The format with its options, or what an alias stands for.
    CodecSpec head() {
        const std::size_t start = at_;
        const std::string_view name = word();
        for (const CodecAlias& alias : codecAliases()) {
            if (alias.name == name) {
                if (at_ < text_.size() && text_[at_] == ':') {
                    fail(at_, text_.substr(at_), "no options: an alias has its own");
                }
                return Parser(alias.codec).whole();
            }
        }
        CodecSpec spec;
        spec.format = format(start, name);
        OptionsGiven given;
        while (take(':')) {
            option(spec.format, given);
        }
        return spec;
    }

    FormatSpec format(std::size_t start, std::string_view name) {
        for (const FormatEntry& entry : formatEntries()) {
            FormatSpec spec{.entry = &entry, .groupSize = entry.defaultGroup};
            for (const NumberOption& option : entry.numberOptions) {
                spec.numbers.push_back(option.usual);
            }
            if (entry.mostBits == 0) {
                if (name == entry.family || (entry.anyCase && equalIgnoringCase(name, entry.family))) {
                    return spec;
                }
                continue;
            }
            if (!name.starts_with(entry.family)) {
                continue;
            }
            const auto rate = bitRate(name.substr(entry.family.size()), entry.fractional);
            if (rate && *rate >= 100 * entry.fewestBits && *rate <= 100 * entry.mostBits) {
                spec.bits = *rate / 100;
                spec.hundredths = *rate % 100;
                return spec;
            }
        }
        failUnknown(start, name, "a format", formatWords());
    }

    void option(FormatSpec& format, OptionsGiven& given) {
        const std::size_t start = at_;
        const std::string_view name = word();
        const FormatEntry& entry = *format.entry;
        const auto once = [&](bool& already) {
            if (already) {
                fail(start, name, "each option once");
            }
            already = true;
        };
        if (entry.hasSymmetric && name == "sym") {
            once(format.symmetric);
        } else if (entry.hasGroups && name == "row") {
            once(given.group);
            format.groupSize = 0;
        } else if (const auto size = wholeNumber(name.substr(std::min<std::size_t>(1, name.size())));
                   entry.hasGroups && name.starts_with('g') && size) {
            once(given.group);
            if (*size < smallestGroup || *size > largestGroup) {
                fail(start, name, fmt::format("a group size from g{} to g{}", smallestGroup, largestGroup));
            }
            format.groupSize = *size;
        } else if (const auto type =
                       scaleTypeFromName(name.substr(std::min(name.size(), scalePrefix.size())));
                   entry.hasScaleType && name.starts_with(scalePrefix) && type) {
            once(given.scale);
            format.scaleType = *type;
        } else if (!numberOption(format, name, given, start)) {
            const auto words = optionWords(entry);
            failUnknown(start, name,
                        words.empty() ? "no options for " + entry.member.name
                                      : "an option of " + entry.member.name,
                        words);
        }
    }

    /// Whether the word was one of the format's options with a number.
    bool numberOption(FormatSpec& format, std::string_view name, OptionsGiven& given, std::size_t start) {
        const auto& options = format.entry->numberOptions;
        for (std::size_t i = 0; i < options.size(); ++i) {
            for (const std::uint32_t number : options[i].numbers) {
                if (options[i].word(number) != name) {
                    continue;
                }
                const std::string letter(1, options[i].letter);
                if (std::find(given.letters.begin(), given.letters.end(), letter) != given.letters.end()) {
                    fail(start, name, "each option once");
                }
                given.letters.push_back(letter);
                format.numbers[i] = number;
                return true;
            }
        }
        return false;
    }

    void stage(CodecSpec& spec, int depth) {
        const std::size_t start = at_ - 1;
        const std::string_view whole = word();
        const std::size_t equals = whole.find('=');
        const std::string_view name = whole.substr(0, equals);
        const auto entries = stageEntries();
        const auto entry = std::find_if(entries.begin(), entries.end(),
                                        [&](const StageEntry& candidate) { return candidate.word == name; });
        if (entry == entries.end()) {
            failUnknown(start, fmt::format("+{}", name), "a stage", stageWords());
        }
        const std::string written = fmt::format("+{}", name);
        checkFits(*entry, *spec.format.entry, start, written);
        for (const StageSpec& other : spec.stages) {
            if (other.entry == &*entry) {
                fail(start, written, "each stage once");
            }
            const Choice choice = entry->member.choice;
            if (choice != Choice::correction && choice == other.entry->member.choice) {
                fail(start, written,
                     fmt::format("one {}, and {} is already there",
                                 choice == Choice::rounding ? "rounding" : "transform",
                                 other.entry->member.name));
            }
        }
        const bool hasArgument = equals != std::string_view::npos;
        if (hasArgument != (entry->argument != StageArgument::none)) {
            fail(start, hasArgument ? fmt::format("+{}", whole) : written, entry->member.name);
        }
        if (hasArgument) {
            at_ = start + 1 + equals + 1;
        }
        spec.stages.push_back(argument(*entry, start, depth));
    }

    StageSpec argument(const StageEntry& entry, std::size_t start, int depth) {
        StageSpec spec;
        spec.entry = &entry;
        if (entry.argument == StageArgument::percent) {
            const std::string_view text = word();
            const auto value =
                text.ends_with('%') ? percentage(text.substr(0, text.size() - 1)) : std::nullopt;
            if (!value || *value == 0 || *value > entry.most) {
                fail(start, text_.substr(start, at_ - start),
                     fmt::format("{} with P above 0 and at most {}, of up to four decimals",
                                 entry.member.name, entry.most / onePercent));
            }
            spec.number = *value;
        } else if (entry.argument == StageArgument::number) {
            const auto value = wholeNumber(word());
            if (!value || *value == 0 || *value > entry.most) {
                fail(start, text_.substr(start, at_ - start),
                     fmt::format("{} with a whole number from 1 to {}", entry.member.name, entry.most));
            }
            spec.number = *value;
        } else if (entry.argument == StageArgument::codec) {
            const std::size_t open = at_;
            const bool parentheses = take('(');
            spec.codec = std::make_shared<const CodecSpec>(codec(depth + 1, parentheses));
            if (parentheses && !take(')')) {
                fail(at_, text_.substr(at_), fmt::format("the ')' of the '(' at character {}", open + 1));
            }
        }
        stageOptions(spec);
        return spec;
    }

    void stageOptions(StageSpec& spec) {
        const auto& options = spec.entry->options;
        std::vector<std::string> chosen(options.size());
        while (take(':')) {
            const std::size_t start = at_;
            const std::string_view name = word();
            bool known = false;
            for (std::size_t i = 0; i < options.size(); ++i) {
                const auto& list = options[i].words;
                if (std::find(list.begin(), list.end(), name) == list.end()) {
                    continue;
                }
                if (!chosen[i].empty()) {
                    fail(start, name, fmt::format("one of {} once", fmt::join(list, ", ")));
                }
                chosen[i] = name;
                known = true;
            }
            if (!known) {
                std::vector<std::string> words;
                for (const StageOption& option : options) {
                    words.insert(words.end(), option.words.begin(), option.words.end());
                }
                failUnknown(
                    start, name,
                    fmt::format("{} option of {}", words.empty() ? "no" : "an", spec.entry->member.name),
                    words);
            }
        }
        std::copy_if(chosen.begin(), chosen.end(), std::back_inserter(spec.options),
                     [&](const std::string& word) { return !word.empty() && word != spec.entry->usual; });
    }

    void checkFits(const StageEntry& stage, const FormatEntry& format, std::size_t start,
                   const std::string& written) const {
        if (format.kind == FormatKind::plain) {
            fail(start, written, fmt::format("no stages after {}", format.family));
        }
        if (format.kind >= stage.least) {
            return;
        }
        std::vector<std::string> fitting;
        for (const StageEntry& other : stageEntries()) {
            if (other.member.choice == stage.member.choice && format.kind >= other.least) {
                fitting.push_back(other.member.name);
            }
        }
        fail(start, written,
             fitting.empty()
                 ? fmt::format("no rounding after {}, which rounds for itself", format.member.name)
                 : fmt::format("a {} for {}: {}",
                               stage.member.choice == Choice::rounding ? "rounding" : "correction",
                               format.member.name, fmt::join(fitting, ", ")));
    }

    [[noreturn]] void fail(std::size_t position, std::string_view found, std::string_view expected) const {
        throw InputError(fmt::format("codec \"{}\"", printable(text_)),
                         fmt::format("character {}", position + 1), expected,
                         found.empty() ? std::string("nothing") : fmt::format("\"{}\"", found));
    }

    [[noreturn]] void failUnknown(std::size_t position, std::string_view found, std::string_view what,
                                  const std::vector<std::string>& words) const {
        auto near = nearest(found, words);
        if (near.empty()) {
            near = words;
        }
        fail(position, found,
             near.empty() ? std::string(what) : fmt::format("{} such as {}", what, fmt::join(near, ", ")));
    }

    static constexpr std::string_view scalePrefix = "scale=";

    std::string_view text_;
    std::size_t at_ = 0;
};

} // namespace

CodecSpec parseCodecString(std::string_view text) {
    return Parser(text).whole();
}

} // namespace planish
