// SPDX-License-Identifier: GPL-3.0-or-later
#include "codec/codec_table.h"
#include "codec/gptq_rounding.h"

namespace planish {
namespace {

constexpr std::uint32_t onePercent = 10000;

template <typename ChoiceOfGroups>
std::shared_ptr<const Rounding> direct() {
    return std::make_shared<const DirectRounding>(std::make_unique<ChoiceOfGroups>());
}

std::vector<StageEntry> makeStages() {
    return {
        {.member = {.choice = Choice::transform,
                    .name = "+rht",
                    .title = "Randomized Hadamard",
                    .summary =
                        "Stores the tensor in a random orthonormal basis of its inputs, where no weight "
                        "stands out; helps coarse formats, useless with +outliers.",
                    .options = ":both (outputs too, in blocks of up to 128 rows)",
                    .layout = "before the format's bytes: the seed, 8 bytes",
                    .bitsFormula = "64 ÷ weights of the tensor (the seed)",
                    .reference = "Tseng et al.: QuIP#, 2024",
                    .examples = {"int3:g128+rht+mse", "lloyd3:row+rht:both"}},
         .word = "rht",
         .options = {{"Outputs too", {"both"}}},
         .make =
             MakeTransform([](const StageSpec& spec) { return makeHadamardTransform(spec.has("both")); })},
        {.member = {.choice = Choice::transform,
                    .name = "+awq",
                    .title = "Activation-aware scales",
                    .summary =
                        "Scales columns up by a power of how large their inputs are, which stores those more "
                        "finely; with :folded the scales live in the norm before (o and down have none and "
                        "store theirs).",
                    .options = ":folded",
                    .layout =
                        "before the format's bytes: the scales of the columns, fp16; nothing with :folded",
                    .bitsFormula = "16 ÷ rows of the tensor; 0 with :folded, but for o and down",
                    .reference = "Lin et al.: AWQ, 2023",
                    .calibration = CalibrationUse::required,
                    .examples = {"int4:g128+awq+mse", "int3:g128+awq:folded+mse"}},
         .word = "awq",
         .options = {{"Scales in the norm before", {"folded"}}},
         .demands = [](const StageSpec& spec) { return CodecDemands{.scaledInputs = spec.has("folded")}; },
         .make = MakeTransform([](const StageSpec& spec) {
             return spec.has("folded") ? std::shared_ptr<const Transform>() : makeAwqTransform();
         })},
        {.member = {.choice = Choice::transform,
                    .name = "+sinq",
                    .title = "Sinkhorn scales",
                    .summary =
                        "Divides rows and columns by scales that give all of them about the same spread; "
                        "without calibration.",
                    .options = {},
                    .layout = "before the format's bytes: the scales of the columns, then of the rows, fp16",
                    .bitsFormula = "16 ÷ rows + 16 ÷ columns of the tensor",
                    .reference = "Müller et al.: SINQ, 2025",
                    .examples = {"int4:g64+sinq", "int3:g64+sinq+mse"}},
         .word = "sinq",
         .make = MakeTransform([](const StageSpec&) { return makeSinqTransform(); })},
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
         .least = FormatKind::grid,
         .make = MakeRounding([](const StageSpec&) { return direct<RefineChoice>(); })},
        {.member = {.choice = Choice::rounding,
                    .name = "+hqq",
                    .title = "Half-quadratic",
                    .summary =
                        "Moves the offset of each group (the scale, where there is none) to fit most weights "
                        "closely; without calibration. +refine and +mse move both bounds and err less.",
                    .options = {},
                    .bitsFormula = {},
                    .reference = "Badri, Shaji: Half-quadratic quantization, 2023",
                    .examples = {"int4:g64+hqq", "int3:g64+hqq"}},
         .word = "hqq",
         .least = FormatKind::grid,
         .make = MakeRounding([](const StageSpec&) { return direct<HqqChoice>(); })},
        {.member = {.choice = Choice::rounding,
                    .name = "+mse",
                    .title = "Least squared error",
                    .summary =
                        "Searches where to clip each group and fits scale and minimum to the levels; errors "
                        "are weighted by the power of their inputs when calibrated.",
                    .options = {},
                    .bitsFormula = {},
                    .reference = "Choukroun, Kravchik, Yang, Kisilev: Low-bit quantization, 2019",
                    .calibration = CalibrationUse::optional,
                    .examples = {"int4:g64+mse", "nf3:g64+mse"}},
         .word = "mse",
         .least = FormatKind::grid,
         .make = MakeRounding([](const StageSpec&) { return direct<MseChoice>(); })},
        {.member = {.choice = Choice::rounding,
                    .name = "+gptq",
                    .title = "Error feedback, full Hessian",
                    .summary = "GPTQ: rounds column by column and lets later columns make up in the outputs "
                               "for the errors of "
                               "earlier ones; the best rounding where there is calibration text enough.",
                    .options =
                        ":minmax (groups by minimum and maximum, least squared error without) :order "
                        "(columns of large inputs first, static groups) :asymmetric (towards the outputs "
                        "of the unquantized model)",
                    .bitsFormula = {},
                    .reference = "Frantar, Ashkboos, Hoefler, Alistarh: GPTQ, 2022",
                    .calibration = CalibrationUse::required,
                    .examples = {"int4:g128+gptq", "int3:g128+gptq:order", "codebook3:row+gptq"}},
         .word = "gptq",
         .options = {{"Groups by", {"mse", "minmax"}},
                     {"Large inputs first", {"order"}},
                     {"Outputs of the unquantized model", {"asymmetric"}}},
         .usual = "mse",
         .least = FormatKind::column,
         .demands =
             [](const StageSpec& spec) {
                 return CodecDemands{.crossMoment = spec.has("asymmetric"), .relatedRows = true};
             },
         .make = MakeRounding([](const StageSpec& spec) {
             return makeGptqRounding(
                 {.activationOrder = spec.has("order"), .asymmetric = spec.has("asymmetric")},
                 spec.has("minmax") ? std::unique_ptr<const GroupChoice>(std::make_unique<NearestChoice>())
                                    : std::make_unique<MseChoice>());
         })},
        {.member =
             {.choice = Choice::rounding,
              .name = "+obd",
              .title = "Error feedback, diagonal Hessian",
              .summary =
                  "+gptq with the diagonal of the Hessian alone, which passes no error on: equal to nearest "
                  "rounding, byte for byte. Here to show that.",
              .options = {},
              .bitsFormula = {},
              .reference = "LeCun, Denker, Solla: Optimal brain damage, 1990",
              .calibration = CalibrationUse::required,
              .examples = {"int4:g64+obd"}},
         .word = "obd",
         .least = FormatKind::grid,
         .make = MakeRounding([](const StageSpec&) {
             return makeGptqRounding({.diagonal = true}, std::make_unique<NearestChoice>());
         })},
        {.member = {.choice = Choice::correction,
                    .name = "+sparse=P%",
                    .title = "Pruning",
                    .summary =
                        "Sets the P % least important weights of each row to 0, 0 < P ≤ 90; levels are "
                        "stored for them too, so its mask costs bits and saves none.",
                    .options = {},
                    .layout = "behind the format's bytes: a mask a row, a bitmap or the rising columns in 16 "
                              "bits (32 for rows over 65536), whichever is smaller",
                    .bitsFormula = "the smaller of 1 and 16·P ÷ 100 (32·P ÷ 100 for rows over 65536)",
                    .reference = "Sun et al.: Wanda, 2023",
                    .calibration = CalibrationUse::optional,
                    .examples = {"int4:g128+sparse=10%", "int3:g64+mse+sparse=50%"}},
         .word = "sparse",
         .argument = StageArgument::percent,
         .most = 90 * onePercent,
         .make = MakeCorrection([](const StageSpec& spec, const std::shared_ptr<const Codec>&) {
             return makePruning(spec.number);
         })},
        {.member = {.choice = Choice::correction,
                    .name = "+outliers=P%",
                    .title = "Sparse outliers",
                    .summary = "Keeps the P % largest weights in fp16 beside the rest, 0 < P ≤ 10.",
                    .options = {},
                    .layout = "behind the format's bytes: where each row ends in the list, 32 bits; the "
                              "columns, 16 bits (32 for rows over 65536); the values, fp16",
                    .bitsFormula = "32·P ÷ 100 (48·P ÷ 100 for rows over 65536) + 32 ÷ row length",
                    .reference = "Dettmers et al.: SpQR, 2023",
                    .examples = {"int4:g128+outliers=0.5%"}},
         .word = "outliers",
         .argument = StageArgument::percent,
         .most = 10 * onePercent,
         .make = MakeCorrection([](const StageSpec& spec, const std::shared_ptr<const Codec>&) {
             return makeOutliers(spec.number);
         })},
        {.member = {.choice = Choice::correction,
                    .name = "+tune",
                    .title = "Parameters fitted to outputs",
                    .summary = "Once levels are chosen, fits scales and minima, or codebooks, and then the "
                               "gain of the norm "
                               "before to the outputs of the unquantized weights, by least squares.",
                    .options = ":asymmetric (for the inputs of the unquantized model)",
                    .bitsFormula = {},
                    .reference = "Frantar, Alistarh: Optimal brain compression, 2022",
                    .calibration = CalibrationUse::required,
                    .examples = {"int3:g64+tune", "int4:g128+mse+tune"}},
         .word = "tune",
         .options = {{"Inputs of the unquantized model", {"asymmetric"}}},
         .least = FormatKind::scalar,
         .demands =
             [](const StageSpec& spec) {
                 return CodecDemands{.crossMoment = spec.has("asymmetric"), .fittedNorm = true};
             },
         .make = MakeCorrection(
             [](const StageSpec&, const std::shared_ptr<const Codec>&) { return makeTuning(); })},
        {.member = {.choice = Choice::correction,
                    .name = "+res=CODEC",
                    .title = "Second-stage residual",
                    .summary =
                        "Stores what the first stage missed with another codec, in parentheses if that "
                        "has stages.",
                    .options = {},
                    .layout = "behind the format's bytes: those of CODEC",
                    .bitsFormula = "those of CODEC",
                    .reference = "Juang, Gray: Multiple stage vector quantization, 1982",
                    .examples = {"int4:g256+res=int2:g256", "int3:g128+mse+res=(int2:g128+mse)"}},
         .word = "res",
         .argument = StageArgument::codec,
         .make = MakeCorrection([](const StageSpec&, const std::shared_ptr<const Codec>& codec) {
             return makeResidual(*codec);
         })},
        {.member = {.choice = Choice::correction,
                    .name = "+lowrank=R",
                    .title = "Low-rank repair",
                    .summary =
                        "Adds a product of rank R, 1 ≤ R ≤ 256, that takes most of the error of the outputs "
                        "away, or of the weights without calibration; for coarse formats.",
                    .options = ":bf16|int8 (of the two factors, fp16 without)",
                    .layout = "behind the format's bytes: the left factor [rows, R], then the right one [R, "
                              "columns], fp16, bf16, or 8-bit levels under a scale a row",
                    .bitsFormula =
                        "16·R·(rows + columns) ÷ (rows·columns); with :int8 8·R·(rows + columns) + "
                        "16·(rows + R) instead",
                    .reference = "Zhang et al.: QERA, 2025; Liu et al.: EoRA, 2024",
                    .calibration = CalibrationUse::optional,
                    .examples = {"int3:g128+lowrank=16", "int3:g128+mse+lowrank=8:int8"}},
         .word = "lowrank",
         .argument = StageArgument::number,
         .most = 256,
         .options = {{"Factors", {"fp16", "bf16", "int8"}}},
         .usual = "fp16",
         .make = MakeCorrection([](const StageSpec& spec, const std::shared_ptr<const Codec>&) {
             const std::string factors = spec.has("int8")   ? "int8:sym:row"
                                         : spec.has("bf16") ? "bf16"
                                                            : "fp16";
             return makeLowRank(spec.number, Codec::parse(factors));
         })},
        {.member = {.choice = Choice::correction,
                    .name = "+recover",
                    .title = "Training around the codes",
                    .summary = "Once the model is packed, the codes of this tensor stay and its scales, "
                               "minima or codebooks are trained (not those of trellis, entropy and product "
                               "codes), with norms, biases and whatever is stored in floats, such as the "
                               "embedding, towards the predictions and hidden states "
                               "of the unquantized model; takes minutes.",
                    .options = {},
                    .bitsFormula = {},
                    .reference = "Hinton, Vinyals, Dean: Distilling the knowledge in a neural network, 2015; "
                                 "Romero et al.: FitNets, 2015; scales after the codes: Chen et al.: "
                                 "EfficientQAT, 2024, section 3.3",
                    .calibration = CalibrationUse::required,
                    .examples = {"int3:g128+gptq+recover"}},
         .word = "recover",
         .demands = [](const StageSpec&) { return CodecDemands{.recovered = true}; },
         .make = MakeCorrection([](const StageSpec&, const std::shared_ptr<const Codec>&) {
             return std::shared_ptr<const Correction>();
         })},
        {.member = {.choice = Choice::correction,
                    .name = "+qat",
                    .title = "Training between roundings",
                    .summary =
                        "Trains the weights towards the predictions and hidden states of the unquantized "
                        "model before they are rounded, and those of tensors still to be rounded after; "
                        "for low bit widths, and takes minutes to hours.",
                    .options = {},
                    .bitsFormula = {},
                    .reference =
                        "Zhou et al.: Incremental network quantization, 2017; Hinton, Vinyals, Dean: "
                        "Distillation, 2015; Romero et al.: FitNets, 2015",
                    .calibration = CalibrationUse::required,
                    .examples = {"int3:g128+gptq+qat", "trellis3:L12+rht:both+gptq+qat"}},
         .word = "qat",
         .demands = [](const StageSpec&) { return CodecDemands{.trained = true}; },
         .make = MakeCorrection([](const StageSpec&, const std::shared_ptr<const Codec>&) {
             return std::shared_ptr<const Correction>();
         })},
    };
}

} // namespace

std::span<const StageEntry> stageEntries() {
    static const std::vector<StageEntry> entries = makeStages();
    return entries;
}

} // namespace planish
