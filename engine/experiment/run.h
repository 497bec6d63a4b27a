// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "calibration/settings.h"
#include "evaluation/settings.h"
#include "recipe/recipe.h"
#include "support/json.h"

#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

namespace planish {

/// What to run: one recipe on one model, evaluated on one text. Equal specifications give equal results.
struct RunSpec {
    std::string model; ///< folder or bundled name
    Recipe recipe;
    std::string corpus; ///< file or bundled name
    EvaluationSettings evaluation;
    std::uint64_t seed = 0;
    /// Not given: calibrated with the defaults if a codec of the recipe cannot do without, else not at all.
    std::optional<CalibrationSettings> calibration{};
};

inline constexpr double notMeasured = std::numeric_limits<double>::quiet_NaN();

/// One tensor of a finished run.
struct TensorResult {
    std::string name;
    std::string role; ///< roleName()
    std::uint64_t rows = 0;
    std::uint64_t columns = 0;
    std::string codec;        ///< canonical
    std::uint64_t bytes = 0;  ///< packed
    double bitsPerWeight = 0; ///< bytes × 8 ÷ weights
    double relativeError = 0; ///< ‖W−Ŵ‖² ÷ ‖W‖²
    double sqnrDecibel = 0;   ///< infinite when exact
    /// Expected squared error of the outputs over that of all-zero weights, tr(E H Eᵀ) ÷ tr(W H Wᵀ) with
    /// H = E[x xᵀ] of the calibration; NaN without one.
    double proxyLoss = notMeasured;
    double plainProxyLoss = notMeasured; ///< the same for the codec with nearest rounding
    /// The proxy loss that noise of relative error 1, alike in all columns, would have: so much the inputs
    /// amplify errors that do not avoid the directions they use most.
    double noiseProxyLoss = notMeasured;

    /// The relative error of noise that does the outputs the same harm: proxyLoss ÷ noiseProxyLoss, or
    /// relativeError where the inputs are not known.
    double equivalentNoise() const {
        const double equivalent = proxyLoss / noiseProxyLoss;
        return std::isfinite(equivalent) ? equivalent : relativeError;
    }
};

/// A finished run: a value, immutable once recorded but for what people write on it (RunNotes). Field names
/// outside the program are those of the interfaces page; runFields() maps them.
struct RunRecord {
    std::string id;      ///< 16 hexadecimal digits of the SHA-256 of what determines the result
    std::string name;    ///< shown to people; at first the recipe's name
    std::string tags;    ///< words separated by ", "
    std::string folder;  ///< a place people sort runs into, such as "paper/figure 2"
    std::string notes;   ///< free text
    std::string created; ///< UTC, ISO 8601
    std::string application;
    std::string machine;
    std::string command; ///< the command line that repeats the run

    std::string model; ///< name
    std::string modelFingerprint;
    std::uint64_t parameters = 0;
    std::string corpus; ///< name
    std::string corpusSha256;
    std::string convention;
    std::uint64_t context = 0;
    std::uint64_t windows = 0; ///< evaluated
    std::uint64_t stride = 0;  ///< strided convention only, else 0
    std::uint64_t seed = 0;
    std::uint64_t threads = 0;
    std::string arithmetic = "fp32"; ///< arithmeticName() of the products
    Recipe recipe;

    std::uint64_t tokensScored = 0;
    double nllSum = 0; ///< nats
    double ppl = 0;
    double baselineNllSum = 0;
    double baselinePpl = 0;
    double deltaPplPercent = 0;
    double deltaStandardErrorPercent = notMeasured; ///< NaN with fewer than two windows
    double kldMean = 0;                             ///< nats, KL(baseline ‖ quantized), as the next three
    double kldMedian = 0;
    double kldP99 = 0;
    double kldMax = 0;
    double top1Agreement = 0; ///< fraction of scored positions

    double bitsPerWeight = 0; ///< decoder linears
    double compression = 0;   ///< 32 ÷ bitsPerWeight
    double wholeModelCompressionFp32 = 0;
    double wholeModelCompressionBf16 = 0;
    std::uint64_t packedBytes = 0; ///< all tensors

    std::string calibration; ///< name of the text; empty when no codec of the recipe used one
    std::string calibrationSha256;
    std::uint64_t calibrationSamples = 0;
    std::uint64_t calibrationContext = 0; ///< tokens a sample
    std::string calibrationInputs;        ///< calibrationInputsName()
    std::string tokenWeights;             ///< tokenWeightingName(); empty in older documents: equal
    std::string training;                 ///< name of the text; empty when nothing was trained
    std::string trainingSha256;
    std::uint64_t trainingTokens = 0;
    double trainingRate = 0; ///< CalibrationSettings::trainingRate

    double calibrateSeconds = 0; ///< collecting statistics: a part of quantizeSeconds
    double quantizeSeconds = 0;  ///< everything from the model's weights to packed bytes
    double evaluateSeconds = 0;
    double tokensPerSecond = 0; ///< of the quantized model's evaluation
    double reusedFraction = 0;  ///< of all passes through blocks, those whose result an earlier one had left
    std::uint64_t peakMemoryBytes = 0;

    /// What a reader of the numbers should know, one sentence each: too little calibration text, overlap of
    /// calibration and evaluation text, roundings that did not help.
    std::vector<std::string> warnings;

    std::vector<TensorResult> tensors;
    std::vector<double> windowNll;         ///< nats, one a window
    std::vector<double> baselineWindowNll; ///< on the same windows
    std::vector<double> trainingLoss;      ///< nats a token, KL from the unquantized model, one a step
};

/// What people write on a run, as often as they like.
struct RunNotes {
    std::string name;
    std::string tags;
    std::string folder;
    std::string notes;

    bool operator==(const RunNotes&) const = default;
};
RunNotes notesOf(const RunRecord& run);
/// Tags and folder are tidied first: "b,a ,, b" becomes "b, a", "/x//y/" becomes "x/y".
void setNotes(RunRecord& run, RunNotes notes);

/// One scalar of a record: its outside name (JSON key, HDF5 attribute), its unit and title for people, and
/// where it lives. The one list that JSON, the store and the run table are made from.
struct RunField {
    using Member = std::variant<std::string RunRecord::*, std::uint64_t RunRecord::*, double RunRecord::*>;
    const char* key;   ///< "delta_ppl_percent"
    const char* title; ///< "ΔPPL"
    const char* unit;  ///< "%", "nats", "s", "bytes", "bits", or "" for none
    Member member;
};
std::span<const RunField> runFields();

/// The run as the JSON object of the command line: all scalars, "run" (the id), "recipe" and "warnings".
/// Values that are not finite become null.
Json toJson(const RunRecord& record);

} // namespace planish
