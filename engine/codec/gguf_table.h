// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "codec/codec_table.h"

#include <vector>

namespace planish {

/// The block types of GGUF files as formats: every packed tensor is byte for byte the data of such a tensor
/// in a file. Layouts and order of arithmetic as in ggml-common.h and ggml-quants.c of llama.cpp.
std::vector<FormatEntry> ggufEntries();

} // namespace planish
