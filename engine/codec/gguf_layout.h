// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "codec/row_layout.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace planish {

/// Where some bits of a list of numbers lie in a block. The numbers come in chunks; `stride` numbers after
/// one another take the same bits of as many bytes after one another, the next ones of the chunk the next
/// higher bits of the same bytes.
struct BitPlane {
    std::size_t at = 0; ///< first byte
    unsigned bits = 0;  ///< of each number
    std::size_t stride = 1;
    std::size_t chunk = 1;   ///< numbers; a multiple of the stride
    std::size_t step = 0;    ///< bytes from a chunk to the next
    unsigned shift = 0;      ///< lowest bit within the byte, for the first numbers of the first chunk
    unsigned chunkShift = 0; ///< by how much more that is from a chunk to the next
    unsigned low = 0;        ///< where the bits belong in the number
    unsigned flip = 0;       ///< bits stored inverted: 0x80 makes two's complement of a number above −128
};

/// A block type of GGML: levels, scales and offsets of a fixed number of weights, in bytes of its own
/// arrangement. Read as: weight = (d·scale code)·level − (m·offset code), or d·level + m where there are no
/// codes.
struct GgufBlock {
    std::string name;
    std::size_t weights = 0;
    std::size_t groups = 0;
    std::size_t bytes = 0;
    std::size_t scaleAt = 0;               ///< byte of the fp16 number d
    std::optional<std::size_t> offsetAt{}; ///< byte of the fp16 number m, if any
    std::vector<BitPlane> levels;          ///< indices of levels
    CodeRange scaleCodes{};                ///< empty when each group has a d (and m) of its own
    std::vector<BitPlane> scalePlanes{};   ///< scale code − lowest scale code
    CodeRange offsetCodes{};               ///< from 0
    std::vector<BitPlane> offsetPlanes{};
};

/// Rows of blocks one after the other; throws Error for rows that are not whole blocks.
std::unique_ptr<const RowLayout> makeGgufLayout(GgufBlock block, ParameterKind scaleKind);

} // namespace planish
