// SPDX-License-Identifier: GPL-3.0-or-later
#include "codec/codec_table.h"
#include "codec/float_format.h"

namespace planish {
namespace {

constexpr const char* groupOptions = ":gN (8…1024) :row :scale=fp16|bf16|int8";

FormatEntry floatEntry(FloatType type, const char* name, const char* title, const char* bits,
                       const char* summary) {
    return {.member = {.choice = Choice::format,
                       .name = name,
                       .title = title,
                       .summary = summary,
                       .options = {},
                       .bitsFormula = bits,
                       .reference = "IEEE 754; Google bfloat16",
                       .examples = {name}},
            .family = name,
            .isFloat = true,
            .make = [type](const FormatSpec&) { return makeFloatFormat(type); }};
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
                    .bitsFormula =
                        "B + (32, or 16 with :sym) ÷ N; with scale=int8 half of that and 32 (16) ÷ row "
                        "length; rows padded to whole bytes",
                    .reference = "Dettmers, Zettlemoyer: The case for 4-bit precision, 2023",
                    .examples = {"int8:g128", "int4:g64", "int4:sym:g32", "int3:row", "int4:g32:scale=int8"}},
         .family = "int",
         .fewestBits = 2,
         .mostBits = 8,
         .hasGroups = true,
         .hasSymmetric = true,
         .defaultGroup = 128,
         .make =
             [](const FormatSpec& spec) {
                 return makeIntegerFormat(spec.bits, spec.symmetric, spec.groupSize, spec.scaleType);
             }},
        {.member = {.choice = Choice::format,
                    .name = "nfB",
                    .title = "NormalFloat",
                    .summary =
                        "B = 2…4 bit levels at quantiles of the normal distribution, scaled by the largest "
                        "magnitude of a group.",
                    .options = groupOptions,
                    .bitsFormula = "B + 16 ÷ N; with scale=int8 B + 8 ÷ N + 16 ÷ row length; rows padded to "
                                   "whole bytes",
                    .reference = "Dettmers, Pagnoni, Holtzman, Zettlemoyer: QLoRA, 2023",
                    .examples = {"nf4:g64", "nf3:g64", "nf2:g32:scale=bf16"}},
         .family = "nf",
         .fewestBits = 2,
         .mostBits = 4,
         .hasGroups = true,
         .defaultGroup = 64,
         .make =
             [](const FormatSpec& spec) {
                 return makeNormalFloatFormat(spec.bits, spec.groupSize, spec.scaleType);
             }},
    };
}

std::vector<StageEntry> makeStages() {
    return {
        {.member = {.choice = Choice::transform,
                    .name = "+rht",
                    .title = "Randomized Hadamard",
                    .summary =
                        "Stores the tensor in a random orthonormal basis of its inputs, where no weight "
                        "stands out; helps coarse formats, useless with +outliers.",
                    .options = {},
                    .bitsFormula = "64 ÷ weights of the tensor (the seed)",
                    .reference = "Tseng et al.: QuIP#, 2024",
                    .examples = {"int3:g128+rht+mse"}},
         .word = "rht",
         .make = MakeTransform([](const StageSpec&) { return makeHadamardTransform(); })},
        {.member = {.choice = Choice::rounding,
                    .name = "+refine",
                    .title = "Iterative refinement",
                    .summary =
                        "Moves the bounds of each group by the errors they cause, three times, starting "
                        "from minimum and maximum; quick and without calibration.",
                    .options = {},
                    .bitsFormula = {},
                    .reference = "the int4_opt_v1 mode",
                    .examples = {"int4:g16+refine", "int3:g64+refine"}},
         .word = "refine",
         .make = MakeRounding([](const StageSpec&) { return std::make_shared<const RefineRounding>(); })},
        {.member = {.choice = Choice::rounding,
                    .name = "+mse",
                    .title = "Least squared error",
                    .summary =
                        "Searches where to clip each group and fits scale and minimum to the levels; the "
                        "best choice without calibration.",
                    .options = {},
                    .bitsFormula = {},
                    .reference = "Choukroun, Kravchik, Yang, Kisilev: Low-bit quantization, 2019",
                    .examples = {"int4:g64+mse", "nf3:g64+mse"}},
         .word = "mse",
         .make = MakeRounding([](const StageSpec&) { return std::make_shared<const MseRounding>(); })},
        {.member = {.choice = Choice::correction,
                    .name = "+outliers=P%",
                    .title = "Sparse outliers",
                    .summary = "Keeps the P % largest weights in fp16 beside the rest, 0 < P ≤ 10.",
                    .options = {},
                    .bitsFormula = "32·P ÷ 100 (48·P ÷ 100 for rows over 65536) + 32 ÷ row length",
                    .reference = "Dettmers et al.: SpQR, 2023",
                    .examples = {"int4:g128+outliers=0.5%"}},
         .word = "outliers",
         .argument = StageArgument::percent,
         .make = MakeCorrection([](const StageSpec& spec, const std::shared_ptr<const Codec>&) {
             return makeOutliers(spec.partsPerMillion);
         })},
        {.member = {.choice = Choice::correction,
                    .name = "+res=CODEC",
                    .title = "Second-stage residual",
                    .summary =
                        "Stores what the first stage missed with another codec, in parentheses if that "
                        "has stages.",
                    .options = {},
                    .bitsFormula = "those of CODEC",
                    .reference = "Juang, Gray: Multiple stage vector quantization, 1982",
                    .examples = {"int4:g256+res=int2:g256", "int3:g128+mse+res=(int2:g128+mse)"}},
         .word = "res",
         .argument = StageArgument::codec,
         .make = MakeCorrection([](const StageSpec&, const std::shared_ptr<const Codec>& codec) {
             return makeResidual(*codec);
         })},
    };
}

} // namespace

std::span<const FormatEntry> formatEntries() {
    static const std::vector<FormatEntry> entries = makeFormats();
    return entries;
}

std::span<const StageEntry> stageEntries() {
    static const std::vector<StageEntry> entries = makeStages();
    return entries;
}

std::span<const CodecMember> codecMembers() {
    static const std::vector<CodecMember> members = [] {
        std::vector<CodecMember> all;
        for (const FormatEntry& entry : formatEntries()) {
            all.push_back(entry.member);
        }
        for (const StageEntry& entry : stageEntries()) {
            all.push_back(entry.member);
        }
        return all;
    }();
    return members;
}

std::span<const CodecAlias> codecAliases() {
    static const std::vector<CodecAlias> aliases{
        {"int4_opt_v1", "int4:g16+refine", "4 bit, groups of 16, refined scales: 6 bits a weight."},
        {"int4_g8_fp16_v1", "int4:g8", "4 bit, groups of 8: 8 bits a weight."},
        {"int4_g16_fp16_v1", "int4:g16", "4 bit, groups of 16: 6 bits a weight."},
        {"int4_g32_fp16_v1", "int4:g32", "4 bit, groups of 32: 5 bits a weight."},
    };
    return aliases;
}

std::vector<std::string> suggestedCodecs() {
    return {"fp32",
            "bf16",
            "int8:g128",
            "int4:g8",
            "int6:g64+mse",
            "int4:g16+refine",
            "int5:g64+mse",
            "int4:g32+mse",
            "int4:g64+mse",
            "int4:g128+mse",
            "nf4:g64",
            "int3:g64+mse",
            "int3:g128+rht+mse",
            "nf3:g64",
            "int2:g64+mse"};
}

} // namespace planish
