// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "codec/codec_table.h"

#include <string>
#include <vector>

namespace planish {

/// A parsed codec as choices to make, for editors: what is chosen and what may be chosen instead. Nothing
/// here knows a member by name, and the parser alone decides what is valid, so that whatever is offered
/// parses and a new row of the tables is offered by itself.

/// One choice among words: an option of a format or of a stage.
struct CodecOption {
    std::string title;              ///< "Group"
    std::vector<std::string> words; ///< as written after ':'; an empty one stands for nothing written
    std::string chosen;             ///< one of the words
};

/// The numbers that may follow the family's name, in hundredths of a bit; empty for formats without.
/// Fractional rates are offered in quarters beside the one of `present`, if that is of the format.
std::vector<int> formatRates(const FormatEntry& format, const FormatSpec& present);
/// The format's word for a number of hundredths of a bit: "int4".
std::string formatWord(const FormatEntry& format, int rate);

/// The codec in another format, with `rate` moved to the nearest that exists. Options and stages that are
/// not for that format are dropped.
CodecSpec withFormat(const CodecSpec& codec, const FormatEntry& format, int rate);

/// The options of the codec's format, those that leave something to choose. Groups are offered in powers of
/// two beside the present one.
std::vector<CodecOption> formatOptions(const CodecSpec& codec);
/// The codec with one of the offered words.
CodecSpec withFormatOption(const CodecSpec& codec, const CodecOption& option, const std::string& word);

/// Why the codec cannot have this stage, as a sentence; empty when it can. A transform or a rounding would
/// replace the present one.
std::string objection(const CodecSpec& codec, const StageEntry& stage);
/// The stage with the argument of its first example, and no options.
StageSpec usualStage(const StageEntry& stage);
/// The codec with the stage, in place of the same stage or of another of the same choice; corrections stand
/// beside one another. Throws InputError when it does not parse.
CodecSpec withStage(const CodecSpec& codec, const StageSpec& stage);
CodecSpec withoutStage(const CodecSpec& codec, const StageEntry& stage);
/// The codec's stage of a choice; null without. The first of the corrections.
const StageSpec* stageOf(const CodecSpec& codec, Choice choice);

/// The options of a stage.
std::vector<CodecOption> stageOptions(const StageSpec& stage);
StageSpec withStageOption(StageSpec stage, const CodecOption& option, const std::string& word);

} // namespace planish
