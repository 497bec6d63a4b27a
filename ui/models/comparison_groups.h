// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "experiment/run.h"

#include <QString>
#include <span>
#include <string>
#include <vector>

namespace planish {

/// What two runs must share to be compared: equal keys mean the same model, text and evaluation settings.
std::string comparisonKey(const RunRecord& run);
/// Whether a run that is only expected may turn out to be comparable with one that was measured: what is
/// known of it before, names and settings, of which a context or number of windows of 0 may become any.
bool mayCompare(const RunRecord& expected, const RunRecord& measured);
/// "folio-4m · literature · standard, context 512, 32 windows".
QString comparisonTitle(const RunRecord& run);

/// Comparable runs.
struct ComparisonGroup {
    std::string key;
    QString title;
    std::vector<std::size_t> runs; ///< indices, in order
};
/// In the order in which their first runs come.
std::vector<ComparisonGroup> comparisonGroups(std::span<const RunRecord> runs);

} // namespace planish
