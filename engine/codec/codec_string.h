// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "codec/codec_spec.h"

#include <string>
#include <string_view>

namespace planish {

/// Codec strings: FORMAT[:option]*[+stage[=argument]]*, where FORMAT may be an alias. This is the only place
/// that reads and writes them. A nested codec with stages stands in parentheses: "+res=(int2:g64+mse)".

/// Stages may come in any order, each choice once. Strings over 256 characters and more than 3 codecs within
/// one another are refused. Throws InputError naming the word, its position (from 1) and the nearest valid
/// words.
CodecSpec parseCodecString(std::string_view text);

/// The canonical string: parse ∘ print is the identity.
std::string printCodecString(const CodecSpec& spec);

/// Hundredths of a bit as they stand after a family's name: "3", "3.25"; empty for 0.
std::string printRate(int rate);

} // namespace planish
