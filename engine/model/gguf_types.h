// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace planish {

/// How values of a tensor lie in a GGUF file: blocks of `weights` values in `bytes` bytes, along a row.
struct GgufType {
    std::uint32_t code = 0; ///< ggml_type of ggml.h
    std::string_view name;  ///< as llama.cpp prints it
    std::string_view codec; ///< the codec of these very bytes; empty when there is none
    std::size_t weights = 0;
    std::size_t bytes = 0;
};

/// Every type GGUF files of today may have; those without a codec only to know their size.
std::span<const GgufType> ggufTypes();
/// Null for a number that is no type (or one that has been given up).
const GgufType* findGgufType(std::uint32_t code);
/// The type whose bytes a codec's packed bytes are, by the canonical codec string without its stages; null
/// when there is none.
const GgufType* ggufTypeOf(std::string_view codec);

} // namespace planish
