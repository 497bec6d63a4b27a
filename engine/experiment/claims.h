// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "experiment/run.h"

#include <optional>
#include <span>
#include <string>
#include <vector>

namespace planish {

/// A number as its author wrote it: "7.5x", "8-9x", "~10x", "<0.5%", "+57,588%", "-0.3%".
struct ClaimedNumber {
    std::string text;
    double lowest = 0; ///< −∞ after '<'
    double highest = 0;

    /// "-" is no claim. Throws InputError naming `source` for what is no number of this kind.
    static std::optional<ClaimedNumber> parse(const std::string& text, const std::string& source);
};

/// One row of somebody's table, and the recipe that is our reading of it.
struct Claim {
    std::string label;
    std::optional<ClaimedNumber> compression; ///< against fp32
    std::optional<ClaimedNumber> deltaPpl;    ///< %
    bool fails = false; ///< the row says that this does not work: it costs at least so much
    Recipe reading;
    std::size_t samples = 0; ///< of calibration; 0 when none
    std::string explanation; ///< why the claim holds or not
};

/// Whether a run confirms a claim: its compression is at least 95 % of the claimed one, and its ΔPPL is at
/// most the claimed one (a row that says it fails: at least) give or take two standard errors.
struct Verdict {
    bool compressionHolds = true;
    bool deltaPplHolds = true;

    bool holds() const { return compressionHolds && deltaPplHolds; }
};
Verdict judge(const Claim& claim, const RunRecord& run);

struct ClaimTable {
    std::string title;
    std::string sweep; ///< the file that has its runs
    std::vector<Claim> claims;
    std::string text{}; ///< what its runs were evaluated on; empty: recipes have run on one text
};

/// How a recipe depends on the amount of calibration.
struct SampleCurve {
    std::string title;
    std::string sweep;
    Recipe recipe;
    std::optional<Recipe> without; ///< what to compare with: the same size without calibration
    std::string explanation;
};

/// All runs of a sweep by size, and beside them what others reach on the same model (references.h).
struct FrontierComparison {
    std::string title;
    std::string sweep;
    std::string explanation;
};

/// What an experiment is about (schema planish.claims/1).
struct ClaimsDocument {
    std::string title;
    std::vector<std::string> introduction; ///< paragraphs
    std::vector<ClaimTable> tables;
    std::vector<SampleCurve> curves;
    std::vector<FrontierComparison> frontiers;

    /// Recipes may be given inline, as a path relative to the file, or as the name of a preset.
    static ClaimsDocument fromJson(const Json& document, const std::string& source,
                                   const std::string& folder);
    static ClaimsDocument fromFile(const std::string& path);
};

/// The claims beside what was measured, as Markdown: every row on every model that `runs` have. The same text
/// for the same runs in any order. Throws InputError naming `source`, where the runs come from, when the run
/// of a row is missing or there are two.
std::string resultsMarkdown(const ClaimsDocument& document, std::span<const RunRecord> runs,
                            const std::string& source);

/// The part of it that is one comparison of frontiers: the runs of each model by size, marked where no other
/// is both smaller and better, then every reference within their sizes with the KL divergence that the
/// frontier has at its bits, between two runs by a straight line of ln KLD over bits. Throws InputError
/// naming `source` when the runs have no KL divergence or are not all on one text with one setting.
std::string frontierMarkdown(const FrontierComparison& comparison, std::span<const RunRecord> runs,
                             const std::string& source);

} // namespace planish
