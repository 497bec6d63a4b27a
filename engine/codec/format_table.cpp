// SPDX-License-Identifier: GPL-3.0-or-later
#include "codec/codebook_format.h"
#include "codec/codec_table.h"
#include "codec/entropy_format.h"
#include "codec/float_format.h"
#include "codec/gguf_table.h"
#include "codec/grid_format.h"
#include "codec/product_format.h"
#include "codec/trellis_format.h"

namespace planish {
namespace {

constexpr const char* groupOptions = ":gN (8…1024) :row :scale=fp16|bf16|int8|int6";

constexpr const char* oneParameterBits =
    "B + 16 ÷ N; with scale=int8 B + 8 ÷ N + 16 ÷ row length; with scale=int6 B + 6 ÷ N + 16 for every 8 "
    "groups "
    "of a row, the last maybe fewer; codes and levels of a row padded to whole bytes";

FormatEntry floatEntry(FloatType type, const char* name, const char* title, const char* bits,
                       const char* summary) {
    return {.member = {.choice = Choice::format,
                       .name = name,
                       .title = title,
                       .summary = summary,
                       .options = {},
                       .layout = "row by row, little-endian",
                       .bitsFormula = bits,
                       .reference = "IEEE 754; Google bfloat16",
                       .examples = {name}},
            .family = name,
            .kind = FormatKind::plain,
            .make = [type](const FormatSpec&) { return makeFloatFormat(type); }};
}

/// How the parameters of the groups of a row are stored (see plain_layout.h).
constexpr const char* numberLayout = "16 bits a group; with scale=int8 a unit of 16 bits a row and codes of "
                                     "8 bits, with scale=int6 a unit for every 8 "
                                     "groups and codes of 6 bits";
std::string oneParameterLayout() {
    return std::string("row by row: the scales, ") + numberLayout + "; then the levels, B bits each";
}

std::vector<FormatEntry> makeFormats() {
    return {
        floatEntry(FloatType::fp32, "fp32", "Single precision", "32", "The weights as they are."),
        floatEntry(FloatType::bf16, "bf16", "bfloat16", "16",
                   "8 bits of precision over the whole range of fp32; what most models are published in."),
        floatEntry(FloatType::fp16, "fp16", "Half precision", "16",
                   "11 bits of precision; larger weights than 65504 are stored as that."),
        {.member = {.choice = Choice::format,
                    .name = "intB",
                    .title = "Integer",
                    .summary =
                        "B = 2…8 bit levels at equal distances above a minimum a group, or with :sym around "
                        "zero; the plain choice from 4 bits up.",
                    .options = std::string(":sym ") + groupOptions,
                    .layout = std::string("row by row: the scales, ") + numberLayout +
                              "; the minima likewise, none with :sym; then the levels, B bits each",
                    .bitsFormula =
                        "B + (32, or 16 with :sym) ÷ N; with scale=int8 half of that and 32 (16) ÷ row "
                        "length; with scale=int6 B + (12, or 6 with :sym) ÷ N and 32 (16) for every 8 "
                        "groups of a row, the last maybe fewer; codes and levels of a row padded to whole "
                        "bytes",
                    .reference = "Dettmers, Zettlemoyer: The case for 4-bit precision, 2023",
                    .examples = {"int8:g128", "int4:g64", "int4:sym:g32", "int3:row", "int4:g32:scale=int8",
                                 "int4:g32:scale=int6"}},
         .family = "int",
         .fewestBits = 2,
         .mostBits = 8,
         .hasGroups = true,
         .hasScaleType = true,
         .hasSymmetric = true,
         .defaultGroup = 128,
         .make =
             [](const FormatSpec& spec) {
                 return makeIntegerFormat(spec.bits, spec.symmetric, spec.groupSize, spec.scaleType);
             }},
        {.member =
             {.choice = Choice::format,
              .name = "uintB",
              .title = "Integer with zero point",
              .summary = "B = 2…8 bit levels at equal distances, one of which a group is 0; what "
                         "compressed-tensors, "
                         "GPTQ and AWQ files call asymmetric.",
              .options = groupOptions,
              .layout = std::string("row by row: the scales, ") + numberLayout +
                        "; the zero points, then the levels, B bits each",
              .bitsFormula =
                  "B + (16 + B) ÷ N; with scale=int8 B + (8 + B) ÷ N + 16 ÷ row length; with scale=int6 "
                  "B + (6 + B) ÷ N + 16 for every 8 groups of a row, the last maybe fewer; zero points, "
                  "codes and levels of a row padded to whole bytes",
              .reference = "Jacob et al.: Integer-arithmetic-only inference, 2018",
              .examples = {"uint4:g128", "uint4:g32+mse", "uint8:row"}},
         .family = "uint",
         .fewestBits = 2,
         .mostBits = 8,
         .hasGroups = true,
         .hasScaleType = true,
         .defaultGroup = 128,
         .make =
             [](const FormatSpec& spec) {
                 return makeZeroPointFormat(spec.bits, spec.groupSize, spec.scaleType);
             }},
        {.member = {.choice = Choice::format,
                    .name = "nfB",
                    .title = "NormalFloat",
                    .summary =
                        "B = 2…4 bit levels at quantiles of the normal distribution, scaled by the largest "
                        "magnitude of a group.",
                    .options = groupOptions,
                    .layout = oneParameterLayout(),
                    .bitsFormula = oneParameterBits,
                    .reference = "Dettmers, Pagnoni, Holtzman, Zettlemoyer: QLoRA, 2023",
                    .examples = {"nf4:g64", "nf3:g64", "nf2:g32:scale=bf16"}},
         .family = "nf",
         .fewestBits = 2,
         .mostBits = 4,
         .hasGroups = true,
         .hasScaleType = true,
         .defaultGroup = 64,
         .make =
             [](const FormatSpec& spec) {
                 return makeNormalFloatFormat(spec.bits, spec.groupSize, spec.scaleType);
             }},
        {.member = {.choice = Choice::format,
                    .name = "lloydB",
                    .title = "Lloyd-Max",
                    .summary = "B = 2…4 bit levels of least squared error on normally distributed weights, "
                               "scaled by the root mean square of a group, by default the row; best after "
                               "+rht.",
                    .options = groupOptions,
                    .layout = oneParameterLayout(),
                    .bitsFormula = oneParameterBits,
                    .reference =
                        "Lloyd: Least squares quantization in PCM, 1982; Max: Quantizing for minimum "
                        "distortion, 1960",
                    .examples = {"lloyd3:row", "lloyd3:row+rht", "lloyd2:g128+mse", "lloyd4:g64:scale=int6"}},
         .family = "lloyd",
         .fewestBits = 2,
         .mostBits = 4,
         .hasGroups = true,
         .hasScaleType = true,
         .defaultGroup = 0,
         .make =
             [](const FormatSpec& spec) {
                 return makeLloydMaxFormat(spec.bits, spec.groupSize, spec.scaleType);
             }},
        {.member = {.choice = Choice::format,
                    .name = "codebookB",
                    .title = "Codebook a group",
                    .summary = "2^B free levels a group or row, B = 2…4, the exact optimum of k-means in one "
                               "dimension; weighted by the inputs when calibrated.",
                    .options = ":gN (8…1024) :row",
                    .layout = "row by row: the codebooks of its groups, 2^B rising fp16 levels each; then "
                              "the numbers of the levels, B bits each",
                    .bitsFormula = "B + 16 · 2^B ÷ N; rows padded to whole bytes",
                    .reference = "Kim, Hooper, Gholami et al.: SqueezeLLM, 2023; Grønlund et al.: Fast exact "
                                 "k-means in 1D, 2017",
                    .calibration = CalibrationUse::optional,
                    .examples = {"codebook4:row", "codebook3:row", "codebook3:g256", "codebook2:row"}},
         .family = "codebook",
         .fewestBits = 2,
         .mostBits = 4,
         .kind = FormatKind::scalar,
         .hasGroups = true,
         .make = [](const FormatSpec& spec) { return makeCodebookFormat(spec.bits, spec.groupSize); }},
        {.member = {.choice = Choice::format,
                    .name = "pq",
                    .title = "Product quantization",
                    .summary =
                        "Vectors of D weights as sums of one entry of each of M codebooks of K entries a "
                        "tensor; for 1 to 3 bits, weighted by the inputs when calibrated.",
                    .options = ":dD (2, 4, 8, 16) :kK (4…4096, a power of two) :mM (1…4)",
                    .layout = "the codebooks of all stages, entry by entry, fp16; then row by row and stage "
                              "by stage the numbers of the entries, log2(K) bits each",
                    .bitsFormula = "M · log2(K) ÷ D, rows padded to whole vectors and each stage of a row to "
                                   "whole bytes, + 16 · M · K · D ÷ weights of the tensor",
                    .reference = "Jégou, Douze, Schmid: Product quantization for nearest neighbor search, "
                                 "2011; Egiazarian et al.: AQLM, 2024",
                    .calibration = CalibrationUse::optional,
                    .examples = {"pq:d8:k256:m1", "pq:d4:k256:m1", "pq:d8:k256:m2", "pq:d2:k64:m1"}},
         .family = "pq",
         .kind = FormatKind::block,
         .numberOptions = {{.title = "Width", .letter = 'd', .numbers = {2, 4, 8, 16}, .usual = 8},
                           {.title = "Entries",
                            .letter = 'k',
                            .numbers = {4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096},
                            .usual = 256},
                           {.title = "Stages", .letter = 'm', .numbers = {1, 2, 3, 4}, .usual = 1}},
         .make =
             [](const FormatSpec& spec) {
                 return makeProductFormat({spec.numbers[0], spec.numbers[1], spec.numbers[2]});
             }},
        {.member = {.choice = Choice::format,
                    .name = "trellisB",
                    .title = "Trellis-coded",
                    .summary =
                        "Paths of B = 2…5 bits a weight, also fractions of a bit, through a trellis of "
                        "2^L states, L = 8…16: the least error at its size, with +rht:both+gptq; packing "
                        "takes four times as long for 2 more state bits.",
                    .options = ":LN (8…16)",
                    .layout = "tile by tile of up to 128 rows (256 beyond L13): the scale, bf16; row by row "
                              "the symbols, of ⌊B⌋ bits or in a fraction of the rows one more",
                    .bitsFormula =
                        "B + 16 ÷ weights of a tile; the symbols of a row padded to whole bytes, tiles to 8 "
                        "rows",
                    .reference = "Tseng, Sun, Hou, De Sa: QTIP, 2024; Marcellin, Fischer: Trellis coded "
                                 "quantization, 1990",
                    .examples = {"trellis3:L12", "trellis3:L12+rht:both+gptq", "trellis3.25:L12+rht:both",
                                 "trellis4:L16+rht:both"}},
         .family = "trellis",
         .fewestBits = 2,
         .mostBits = 5,
         .fractional = true,
         .kind = FormatKind::column,
         .numberOptions = {{.title = "State bits",
                            .letter = 'L',
                            .numbers = {8, 9, 10, 11, 12, 13, 14, 15, 16},
                            .usual = 12}},
         .make =
             [](const FormatSpec& spec) {
                 return makeTrellisFormat(spec.rate(), static_cast<int>(spec.numbers[0]));
             }},
        {.member = {.choice = Choice::format,
                    .name = "ecB",
                    .title = "Entropy-coded integer",
                    .summary = "Whole multiples of a step, without bounds, coded in B = 1…8 bits a weight on "
                               "average, any hundredth: the least error of scalar levels; "
                               "with +gptq the step of each column follows from its inputs.",
                    .options = {},
                    .layout = "steps and frequencies of up to 16 classes of columns; which class each column "
                              "has; numbers beyond ±127; then blocks of rows coded by 8 interleaved coders",
                    .bitsFormula = "B, exactly, down to a whole byte of the tensor; all tables are within it",
                    .reference = "Lifar et al.: WaterSIC, 2026; Duda: Asymmetric numeral systems, 2013",
                    .examples = {"ec3.2", "ec3.2+rht:both+gptq", "ec4+gptq"}},
         .family = "ec",
         .fewestBits = 1,
         .mostBits = 8,
         .fractional = true,
         .kind = FormatKind::column,
         .make = [](const FormatSpec& spec) { return makeEntropyFormat(spec.rate()); }},
    };
}

} // namespace

std::span<const FormatEntry> formatEntries() {
    static const std::vector<FormatEntry> entries = [] {
        std::vector<FormatEntry> all = makeFormats();
        const std::vector<FormatEntry> blocks = ggufEntries();
        all.insert(all.end(), blocks.begin(), blocks.end());
        return all;
    }();
    return entries;
}

} // namespace planish
