// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "codec/codec_spec.h"
#include "codec/correction.h"
#include "codec/format.h"
#include "codec/input_statistics.h"
#include "codec/registry.h"
#include "codec/rounding.h"
#include "codec/transform.h"

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <variant>

namespace planish {

/// What a format is made of, which decides what may follow it.
enum class FormatKind {
    plain,  ///< plain numbers: takes no options and no stages
    block,  ///< something of its own: rounds for itself
    column, ///< rounds weights of a column together (see column_rounding.h)
    scalar, ///< a ScalarFormat
    grid,   ///< a GridFormat: a scalar format with scales and offsets to choose
};

/// An option of a format that is a letter and a number, such as ":d8".
struct NumberOption {
    std::string title; ///< "Width"
    char letter = 0;
    std::vector<std::uint32_t> numbers; ///< those that are valid
    std::uint32_t usual = 0;

    std::string word(std::uint32_t number) const { return letter + std::to_string(number); }
};

/// One row of the table of formats: how it is written, shown and made.
struct FormatEntry {
    CodecMember member;
    std::string family; ///< the word without its number: "int"
    int fewestBits = 0; ///< 0: no number follows
    int mostBits = 0;
    bool fractional = false; ///< hundredths of a bit may follow the number
    bool anyCase = false;    ///< the word is read in upper or lower case
    FormatKind kind = FormatKind::grid;
    bool hasGroups = false;    ///< takes :gN and :row
    bool hasScaleType = false; ///< takes :scale=
    bool hasSymmetric = false;
    std::size_t defaultGroup = 0;
    std::vector<NumberOption> numberOptions{};
    std::function<std::shared_ptr<const Format>(const FormatSpec&)> make;
};

/// Words of which one may follow a stage as ":word".
struct StageOption {
    std::string title; ///< "Large inputs first"
    std::vector<std::string> words;
};

/// What follows the '=' of a stage.
enum class StageArgument { none, percent, number, codec };

using MakeRounding = std::function<std::shared_ptr<const Rounding>(const StageSpec&)>;
/// May make none: the tensor is then in its basis already.
using MakeTransform = std::function<std::shared_ptr<const Transform>(const StageSpec&)>;
/// The second argument is the nested codec, for stages that have one. May make none: what is asked for is
/// then not within the tensor.
using MakeCorrection =
    std::function<std::shared_ptr<const Correction>(const StageSpec&, const std::shared_ptr<const Codec>&)>;

/// One row of the table of stages.
struct StageEntry {
    CodecMember member;
    std::string word; ///< without the '+'
    StageArgument argument = StageArgument::none;
    std::uint32_t most = 0; ///< of the argument, from 1: a number, or parts per million of a percentage
    std::vector<StageOption> options{}; ///< printed in this order
    std::string usual{};                ///< the one of these words that is the same as none, and not printed
    FormatKind least = FormatKind::block; ///< what a format must be at least to take this stage
    std::function<CodecDemands(const StageSpec&)> demands{}; ///< null: none
    std::variant<MakeRounding, MakeTransform, MakeCorrection> make;
};

inline CodecDemands demandsOf(const StageSpec& stage) {
    return stage.entry->demands ? stage.entry->demands(stage) : CodecDemands();
}

/// The tables everything is made from: parser, printer, error messages, help and editors. Stages are in the
/// order they are applied in: transforms, rounding, corrections.
std::span<const FormatEntry> formatEntries();
std::span<const StageEntry> stageEntries();

} // namespace planish
