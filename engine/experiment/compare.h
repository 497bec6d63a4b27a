// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "experiment/run.h"

#include <span>
#include <string>
#include <vector>

namespace planish {

/// A run against the first run of a comparison, window by window on the same tokens. Pairing removes the
/// variance of the text, so that differences far smaller than either run's own error can be told apart.
struct PairedDifference {
    std::string incomparable;        ///< why there is no difference to give; empty when there is one
    double pplPercent = notMeasured; ///< 100·(PPL ÷ PPL of the first − 1)
    double standardErrorPercent = notMeasured; ///< NaN with fewer than two windows
    double lowPercent = notMeasured;           ///< of the interval that holds it with 95 % probability
    double highPercent = notMeasured;
    bool significant = false; ///< the interval does not hold zero
};

/// One measured or counted scalar of all runs.
struct MetricComparison {
    const RunField* field = nullptr; ///< key, title and unit
    std::vector<double> values;      ///< one a run
};

/// One tensor in all runs; a run that lacks it has "" and NaN.
struct TensorComparison {
    std::string name;
    std::vector<std::string> codecs;
    std::vector<double> bitsPerWeight;
    std::vector<double> relativeError; ///< ‖W−Ŵ‖² ÷ ‖W‖²
    std::vector<double> sizeShare;     ///< its packed bytes ÷ those of all tensors of the run
    bool codecDiffers = false;
};

/// Runs side by side; everything is in the order the runs were given.
struct RunComparison {
    std::vector<std::string> ids;
    std::vector<std::string> names;
    std::vector<MetricComparison> metrics;
    std::vector<PairedDifference> differences; ///< of each run against the first; the first is 0 ± 0
    std::vector<TensorComparison> tensors;     ///< in the order of the first run that has each

    /// The tensors in which the recipes differ.
    std::vector<TensorComparison> recipeDifferences() const;
};

/// The difference of `run` from `reference`. Both must have scored the same windows of the same text with the
/// same model, else `incomparable` tells what differs. The standard error of the summed NLL difference D is
/// √n · s for n windows whose differences have the sample deviation s, carried through exp(D ÷ tokens); the
/// interval is that of a block bootstrap over windows (perplexityInterval).
PairedDifference pairedDifference(const RunRecord& run, const RunRecord& reference);

/// Throws InputError for fewer than two runs.
RunComparison compareRuns(std::span<const RunRecord> runs);

/// The comparison as the JSON object of the command line; what is not finite becomes null.
Json toJson(const RunComparison& comparison);

} // namespace planish
