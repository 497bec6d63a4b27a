// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "codec/codec.h"

#include <optional>

namespace planish {

/// The codec of the format alone, such as Q4_K of Q4_K+gptq, when a tensor's packed bytes are nothing but
/// that format's: how values were chosen does not matter to who reads them. Empty for codecs with transforms
/// of their own or with corrections.
std::optional<Codec> formatAlone(const Codec& codec);

} // namespace planish
