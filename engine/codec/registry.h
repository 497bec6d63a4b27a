// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace planish {

/// The four independent choices every codec is made of.
enum class Choice { format, rounding, transform, correction };

/// What statistics of a tensor's inputs (see codec/input_statistics.h) are to a member.
enum class CalibrationUse {
    none,     ///< not looked at
    optional, ///< used when there are any
    required, ///< cannot do without
};

std::string_view calibrationUseName(CalibrationUse use); ///< "none", "optional", "required"

/// One member of a choice, as help pages, editors and documents show it. The parser is built from the same
/// table, so nothing can be shown that does not parse, and nothing parses that is not shown.
struct CodecMember {
    Choice choice;
    std::string name;        ///< as written: "intB", "+refine", "+outliers=P%"
    std::string title;       ///< "Integer, affine"
    std::string summary;     ///< one sentence: what it does and when to use it
    std::string options;     ///< ":gN :row :sym :scale=fp16|bf16|int8", empty when none
    std::string layout{};    ///< the bytes it writes, in their order; empty for what writes none of its own
    std::string bitsFormula; ///< exact bits per weight in terms of the options, empty for roundings that
                             ///< store nothing
    std::string reference;   ///< the paper or place it comes from
    CalibrationUse calibration = CalibrationUse::none;
    std::vector<std::string> examples; ///< codec strings that use it, all parseable
};

std::span<const CodecMember> codecMembers();

/// An alternative name of a codec string.
struct CodecAlias {
    std::string name;
    std::string codec; ///< canonical
    std::string summary;
};
std::span<const CodecAlias> codecAliases();

/// Codec strings worth offering first in an editor, from the finest to the coarsest.
std::vector<std::string> suggestedCodecs();

} // namespace planish
