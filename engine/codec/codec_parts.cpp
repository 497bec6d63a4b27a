// SPDX-License-Identifier: GPL-3.0-or-later
#include "codec/codec_parts.h"

#include "codec/codec_string.h"
#include "support/error.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <optional>

namespace planish {
namespace {

constexpr std::size_t smallestGroup = 8;
constexpr std::size_t largestGroup = 1024;

std::optional<CodecSpec> tryParse(const std::string& text) {
    try {
        return parseCodecString(text);
    } catch (const InputError&) {
        return std::nullopt;
    }
}

/// The words of the format, the first its name: {"int4", "sym", "g64"}.
std::vector<std::string> formatWords(const CodecSpec& codec) {
    const std::string text = printCodecString({codec.format, {}});
    std::vector<std::string> words;
    for (std::size_t start = 0; start <= text.size();) {
        const std::size_t end = std::min(text.find(':', start), text.size());
        words.push_back(text.substr(start, end - start));
        start = end + 1;
    }
    return words;
}

std::string joined(const std::vector<std::string>& words) {
    std::string text;
    for (const std::string& word : words) {
        text += (text.empty() || word.empty() ? "" : ":") + word;
    }
    return text;
}

bool isGroup(const std::string& word) {
    return word == "row" ||
           (word.size() > 1 && word[0] == 'g' &&
            std::all_of(word.begin() + 1, word.end(), [](unsigned char c) { return c >= '0' && c <= '9'; }));
}

std::vector<std::string> groupWords(std::size_t present) {
    std::vector<std::size_t> sizes;
    for (std::size_t size = smallestGroup; size <= largestGroup; size *= 2) {
        sizes.push_back(size);
    }
    if (present > 0 && std::find(sizes.begin(), sizes.end(), present) == sizes.end()) {
        sizes.push_back(present);
        std::sort(sizes.begin(), sizes.end());
    }
    std::vector<std::string> words;
    for (const std::size_t size : sizes) {
        words.push_back(fmt::format("g{}", size));
    }
    words.emplace_back("row");
    return words;
}

/// All words that might stand for an option of some format; which of them do is for the parser to say.
std::vector<CodecOption> candidateOptions(const CodecSpec& codec) {
    std::vector<CodecOption> options{
        {"Symmetric", {"", "sym"}, {}},
        {"Group", groupWords(codec.format.groupSize), {}},
        {"Scales", {"scale=fp16", "scale=bf16", "scale=int8", "scale=int6"}, {}}};
    for (const NumberOption& option : codec.format.entry->numberOptions) {
        CodecOption words{option.title, {}, {}};
        for (const std::uint32_t number : option.numbers) {
            words.words.push_back(option.word(number));
        }
        options.push_back(std::move(words));
    }
    return options;
}

/// The codec with `word` in place of what else of the option's words is written.
std::optional<CodecSpec> tryOption(const CodecSpec& codec, const CodecOption& option,
                                   const std::string& word) {
    std::vector<std::string> words = formatWords(codec);
    const bool ofGroups = std::any_of(option.words.begin(), option.words.end(), isGroup);
    words.erase(std::remove_if(words.begin() + 1, words.end(),
                               [&](const std::string& written) {
                                   return (ofGroups && isGroup(written)) ||
                                          std::find(option.words.begin(), option.words.end(), written) !=
                                              option.words.end();
                               }),
                words.end());
    words.push_back(word);
    auto parsed = tryParse(joined(words));
    if (parsed) {
        parsed->stages = codec.stages;
        parsed = tryParse(printCodecString(*parsed));
    }
    return parsed;
}

CodecSpec replacing(CodecSpec codec, const StageSpec& stage) {
    const Choice choice = stage.entry->member.choice;
    std::erase_if(codec.stages, [&](const StageSpec& other) {
        return other.entry == stage.entry ||
               (choice != Choice::correction && other.entry->member.choice == choice);
    });
    codec.stages.push_back(stage);
    std::sort(codec.stages.begin(), codec.stages.end(),
              [](const StageSpec& a, const StageSpec& b) { return a.entry < b.entry; });
    return codec;
}

} // namespace

std::vector<int> formatRates(const FormatEntry& format, const FormatSpec& present) {
    constexpr int quarter = 25;
    std::vector<int> rates;
    for (int rate = 100 * std::max(1, format.fewestBits); rate <= 100 * format.mostBits; rate += quarter) {
        if (tryParse(formatWord(format, rate))) {
            rates.push_back(rate);
        }
    }
    if (present.entry == &format && std::find(rates.begin(), rates.end(), present.rate()) == rates.end() &&
        present.bits > 0) {
        rates.push_back(present.rate());
        std::sort(rates.begin(), rates.end());
    }
    return rates;
}

std::string formatWord(const FormatEntry& format, int rate) {
    return format.family + printRate(rate);
}

CodecSpec withFormat(const CodecSpec& codec, const FormatEntry& format, int rate) {
    const std::vector<int> rates = formatRates(format, codec.format);
    std::string text = format.family;
    if (format.fractional) {
        text = formatWord(format, std::clamp(rate, 100 * format.fewestBits, 100 * format.mostBits));
    } else if (!rates.empty()) {
        text = formatWord(format, *std::min_element(rates.begin(), rates.end(), [&](int a, int b) {
                              return std::abs(a - rate) < std::abs(b - rate);
                          }));
    }
    CodecSpec changed = parseCodecString(text);
    const std::vector<std::string> words = formatWords(codec);
    for (auto word = words.begin() + 1; word != words.end(); ++word) {
        if (auto parsed = tryParse(text + ":" + *word)) {
            text += ":" + *word;
            changed = std::move(*parsed);
        }
    }
    for (const StageSpec& stage : codec.stages) {
        if (auto parsed = tryParse(printCodecString(replacing(changed, stage)))) {
            changed = std::move(*parsed);
        }
    }
    return changed;
}

std::vector<CodecOption> formatOptions(const CodecSpec& codec) {
    const std::string present = printCodecString(codec);
    std::vector<CodecOption> options;
    for (const CodecOption& candidate : candidateOptions(codec)) {
        CodecOption option{candidate.title, {}, {}};
        bool known = false;
        for (const std::string& word : candidate.words) {
            const auto parsed = tryOption(codec, candidate, word);
            if (!parsed) {
                continue;
            }
            option.words.push_back(word);
            if (!known && printCodecString(*parsed) == present) {
                option.chosen = word;
                known = true;
            }
        }
        if (known && option.words.size() > 1) {
            options.push_back(std::move(option));
        }
    }
    return options;
}

CodecSpec withFormatOption(const CodecSpec& codec, const CodecOption& option, const std::string& word) {
    return tryOption(codec, option, word).value_or(codec);
}

std::string objection(const CodecSpec& codec, const StageEntry& stage) {
    try {
        withStage(codec, usualStage(stage));
        return {};
    } catch (const InputError& error) {
        const FormatEntry& format = *codec.format.entry;
        if (format.kind == FormatKind::plain) {
            return fmt::format("{} stores the weights as they are: nothing can follow it.",
                               format.member.name);
        }
        if (format.kind < stage.least) {
            return fmt::format("{} does not work on {}, which {}.", stage.member.name, format.member.name,
                               format.kind == FormatKind::block    ? "chooses its numbers itself"
                               : format.kind == FormatKind::column ? "rounds whole columns"
                                                                   : "has no scales and offsets to choose");
        }
        return error.what();
    }
}

StageSpec usualStage(const StageEntry& stage) {
    for (const std::string& example : stage.member.examples) {
        const CodecSpec codec = parseCodecString(example);
        const auto found =
            std::find_if(codec.stages.begin(), codec.stages.end(),
                         [&](const StageSpec& candidate) { return candidate.entry == &stage; });
        if (found != codec.stages.end()) {
            StageSpec usual = *found;
            usual.options.clear();
            return usual;
        }
    }
    StageSpec bare;
    bare.entry = &stage;
    return bare;
}

CodecSpec withStage(const CodecSpec& codec, const StageSpec& stage) {
    return parseCodecString(printCodecString(replacing(codec, stage)));
}

CodecSpec withoutStage(const CodecSpec& codec, const StageEntry& stage) {
    CodecSpec changed = codec;
    std::erase_if(changed.stages, [&](const StageSpec& other) { return other.entry == &stage; });
    return changed;
}

const StageSpec* stageOf(const CodecSpec& codec, Choice choice) {
    const auto found = std::find_if(codec.stages.begin(), codec.stages.end(), [&](const StageSpec& stage) {
        return stage.entry->member.choice == choice;
    });
    return found == codec.stages.end() ? nullptr : &*found;
}

std::vector<CodecOption> stageOptions(const StageSpec& stage) {
    std::vector<CodecOption> options;
    for (const auto& [title, list] : stage.entry->options) {
        CodecOption option{title, list, {}};
        if (std::find(list.begin(), list.end(), stage.entry->usual) != list.end()) {
            option.chosen = stage.entry->usual;
        } else {
            option.words.insert(option.words.begin(), std::string());
        }
        for (const std::string& word : list) {
            if (stage.has(word)) {
                option.chosen = word;
            }
        }
        options.push_back(std::move(option));
    }
    return options;
}

StageSpec withStageOption(StageSpec stage, const CodecOption& option, const std::string& word) {
    std::vector<std::string> chosen;
    for (const auto& [title, list] : stage.entry->options) {
        const bool changes = !list.empty() && std::find(option.words.begin(), option.words.end(),
                                                        list.front()) != option.words.end();
        for (const std::string& candidate : list) {
            if (changes ? candidate == word : stage.has(candidate)) {
                chosen.push_back(candidate);
            }
        }
    }
    stage.options = std::move(chosen);
    return stage;
}

} // namespace planish
