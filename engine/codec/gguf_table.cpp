// SPDX-License-Identifier: GPL-3.0-or-later
#include "codec/gguf_table.h"

#include "codec/gguf_layout.h"
#include "codec/grid_format.h"

#include <utility>

namespace planish {
namespace {

constexpr std::size_t super = 256; ///< weights of a super-block

/// What a block type is, apart from its words.
struct Type {
    GgufBlock block;
    Grid grid;
};

/// Whole levels around zero, the extra one on the side of the longer tail.
Grid aroundZero(int bits) {
    return Grid::uniform(bits, -(1 << (bits - 1)));
}

Grid fromZero(int bits) {
    return Grid::uniform(bits, 0);
}

/// kvalues_iq4nl of ggml-common.h.
Grid nonlinear() {
    return Grid::table(4, {-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113});
}

/// Nibbles of 32 weights: the first 16 in the low halves of 16 bytes.
BitPlane nibbles(std::size_t at) {
    return {.at = at, .bits = 4, .stride = 16, .chunk = 32, .step = 16};
}

/// One bit of each of 32 weights, in order.
BitPlane fifthBits(std::size_t at) {
    return {.at = at, .bits = 1, .chunk = 8, .step = 1, .low = 4};
}

/// Bit pairs of 128 weights in 32 bytes.
BitPlane pairs(std::size_t at, unsigned low) {
    return {.at = at, .bits = 2, .stride = 32, .chunk = 128, .step = 32, .low = low};
}

/// One bit of each of 256 weights in 32 bytes.
BitPlane highBits(std::size_t at, unsigned low) {
    return {.at = at, .bits = 1, .stride = 32, .chunk = super, .low = low};
}

/// Nibbles of 64 weights in 32 bytes.
BitPlane wideNibbles(std::size_t at) {
    return {.at = at, .bits = 4, .stride = 32, .chunk = 64, .step = 32};
}

GgufBlock singleBlock(const char* name, std::size_t bytes, std::vector<BitPlane> levels) {
    return {.name = name, .weights = 32, .groups = 1, .bytes = bytes, .levels = std::move(levels)};
}

GgufBlock withMinimum(GgufBlock block) {
    block.offsetAt = block.scaleAt + 2;
    return block;
}

/// 6-bit scales and minima of 8 groups in 12 bytes at `at`: the first four groups have bytes of their own,
/// whose highest bits belong to the last four.
GgufBlock withSixBitMinima(GgufBlock block, std::size_t at) {
    block.scaleCodes = block.offsetCodes = {0, 63};
    block.scalePlanes = {{.at = at, .bits = 4, .stride = 4, .chunk = 4, .step = 8},
                         {.at = at, .bits = 2, .stride = 4, .chunk = 8, .shift = 4, .low = 4}};
    block.offsetPlanes = {{.at = at + 4, .bits = 4, .stride = 4, .chunk = 4, .step = 4, .chunkShift = 4},
                          {.at = at + 4, .bits = 2, .stride = 4, .chunk = 8, .shift = 4, .low = 4}};
    return withMinimum(std::move(block));
}

Type q4_0() {
    return {singleBlock("Q4_0", 18, {nibbles(2)}), aroundZero(4)};
}

Type q4_1() {
    return {withMinimum(singleBlock("Q4_1", 20, {nibbles(4)})), fromZero(4)};
}

Type q5_0() {
    return {singleBlock("Q5_0", 22, {fifthBits(2), nibbles(6)}), aroundZero(5)};
}

Type q5_1() {
    return {withMinimum(singleBlock("Q5_1", 24, {fifthBits(4), nibbles(8)})), fromZero(5)};
}

Type q8_0() {
    return {singleBlock("Q8_0", 34, {{.at = 2, .bits = 8, .stride = 32, .chunk = 32, .flip = 0x80}}),
            aroundZero(8)};
}

Type iq4_nl() {
    return {singleBlock("IQ4_NL", 18, {nibbles(2)}), nonlinear()};
}

Type q2_k() {
    GgufBlock block{
        .name = "Q2_K", .weights = super, .groups = 16, .bytes = 84, .scaleAt = 80, .levels = {pairs(16, 0)}};
    block.scaleCodes = block.offsetCodes = {0, 15};
    block.scalePlanes = {{.bits = 4, .stride = 16, .chunk = 16}};
    block.offsetPlanes = {{.bits = 4, .stride = 16, .chunk = 16, .shift = 4}};
    return {withMinimum(std::move(block)), fromZero(2)};
}

Type q3_k() {
    return {{.name = "Q3_K",
             .weights = super,
             .groups = 16,
             .bytes = 110,
             .scaleAt = 108,
             .levels = {pairs(32, 0), highBits(0, 2)},
             .scaleCodes = {-32, 31},
             .scalePlanes = {{.at = 96, .bits = 4, .stride = 8, .chunk = 16},
                             {.at = 104, .bits = 2, .stride = 4, .chunk = 16, .low = 4}}},
            aroundZero(3)};
}

Type q4_k() {
    return {
        withSixBitMinima(
            {.name = "Q4_K", .weights = super, .groups = 8, .bytes = 144, .levels = {wideNibbles(16)}}, 4),
        fromZero(4)};
}

Type q5_k() {
    return {withSixBitMinima({.name = "Q5_K",
                              .weights = super,
                              .groups = 8,
                              .bytes = 176,
                              .levels = {wideNibbles(48), highBits(16, 4)}},
                             4),
            fromZero(5)};
}

Type q6_k() {
    return {{.name = "Q6_K",
             .weights = super,
             .groups = 16,
             .bytes = 210,
             .scaleAt = 208,
             .levels = {{.at = 0, .bits = 4, .stride = 64, .chunk = 128, .step = 64}, pairs(128, 4)},
             .scaleCodes = {-128, 127},
             .scalePlanes = {{.at = 192, .bits = 8, .stride = 16, .chunk = 16, .flip = 0x80}}},
            aroundZero(6)};
}

Type iq4_xs() {
    return {{.name = "IQ4_XS",
             .weights = super,
             .groups = 8,
             .bytes = 136,
             .levels = {nibbles(8)},
             .scaleCodes = {-32, 31},
             .scalePlanes = {{.at = 4, .bits = 4, .chunk = 2, .step = 1},
                             {.at = 2, .bits = 2, .chunk = 4, .step = 1, .low = 4}}},
            nonlinear()};
}

std::shared_ptr<const Format> makeGgufFormat(Type type) {
    const bool hasOffset = type.block.offsetAt.has_value();
    const float overhang = type.grid.isUniform() && !hasOffset ? 0.5F : 0.0F;
    const std::size_t groupSize = type.block.weights / type.block.groups;
    auto layout =
        makeGgufLayout(std::move(type.block), hasOffset ? ParameterKind::scale : ParameterKind::signedScale);
    return std::make_shared<const GridFormat>(GridTraits{.grid = std::move(type.grid),
                                                         .hasOffset = hasOffset,
                                                         .signedScale = !hasOffset,
                                                         .overhang = overhang},
                                              groupSize, std::move(layout));
}

/// "128 bytes from 16", of all planes of a kind of number.
std::string placesOf(const std::vector<BitPlane>& planes) {
    std::string text;
    for (const BitPlane& plane : planes) {
        text += (text.empty() ? "" : " and ") + std::to_string(plane.bits) +
                (plane.bits == 1 ? " bit" : " bits") + " from byte " + std::to_string(plane.at);
    }
    return text;
}

std::string layoutOf(const GgufBlock& block) {
    std::string text = "blocks of " + std::to_string(block.weights) + " weights in " +
                       std::to_string(block.bytes) + " bytes: d, fp16, at byte " +
                       std::to_string(block.scaleAt);
    if (block.offsetAt) {
        text += "; m, fp16, at byte " + std::to_string(*block.offsetAt);
    }
    if (!block.scalePlanes.empty()) {
        text += "; scale codes, " + placesOf(block.scalePlanes);
    }
    if (!block.offsetPlanes.empty()) {
        text += "; minimum codes, " + placesOf(block.offsetPlanes);
    }
    return text + "; levels, " + placesOf(block.levels);
}

FormatEntry entry(Type (*type)(), const char* bits, const char* title, const char* summary) {
    const std::string name = type().block.name;
    const std::size_t weights = type().block.weights;
    return {.member = {.choice = Choice::format,
                       .name = name,
                       .title = title,
                       .summary = std::string(summary) +
                                  " A block type of GGUF files, bit for bit; rows of a "
                                  "multiple of " +
                                  std::to_string(weights) + " weights.",
                       .options = {},
                       .layout = layoutOf(type().block),
                       .bitsFormula = bits,
                       .reference = "llama.cpp, ggml-common.h",
                       .examples = {name, name + "+mse"}},
            .family = name,
            .anyCase = true,
            .make = [type](const FormatSpec&) { return makeGgufFormat(type()); }};
}

} // namespace

std::vector<FormatEntry> ggufEntries() {
    return {
        entry(q4_0, "4.5", "GGUF 4 bit", "16 levels around zero, groups of 32."),
        entry(q4_1, "5", "GGUF 4 bit with minimum", "16 levels above a minimum, groups of 32."),
        entry(q5_0, "5.5", "GGUF 5 bit", "32 levels around zero, groups of 32."),
        entry(q5_1, "6", "GGUF 5 bit with minimum", "32 levels above a minimum, groups of 32."),
        entry(q8_0, "8.5", "GGUF 8 bit", "256 levels around zero, groups of 32."),
        entry(q2_k, "2.625", "GGUF k-quant of 2 bit",
              "4 levels above a minimum, groups of 16, 4-bit scales and minima."),
        entry(q3_k, "3.4375", "GGUF k-quant of 3 bit", "8 levels around zero, groups of 16, 6-bit scales."),
        entry(q4_k, "4.5", "GGUF k-quant of 4 bit",
              "16 levels above a minimum, groups of 32, 6-bit scales and minima."),
        entry(q5_k, "5.5", "GGUF k-quant of 5 bit",
              "32 levels above a minimum, groups of 32, 6-bit scales and minima."),
        entry(q6_k, "6.5625", "GGUF k-quant of 6 bit", "64 levels around zero, groups of 16, 8-bit scales."),
        entry(iq4_nl, "4.5", "GGUF 4 bit, uneven", "16 levels denser around zero, groups of 32."),
        entry(iq4_xs, "4.25", "GGUF 4 bit, uneven, small",
              "16 levels denser around zero, groups of 32, 6-bit scales."),
    };
}

} // namespace planish
