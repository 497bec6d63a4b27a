// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "experiment/run.h"

#include <string>
#include <vector>

namespace planish {

/// A figure of another program or paper, beside which runs are read.
struct ReferencePoint {
    std::string name;
    std::string model; ///< that it was measured on; empty: another than ours
    RunRecord values;  ///< size and loss; what is not known is NaN
};

/// Figures from one source, with one mark and one legend entry.
struct ReferenceSeries {
    std::string title;
    std::string source; ///< one sentence: who, on what, under which settings
    std::vector<ReferencePoint> points;
};

/// What ships with the program (resources/references/frontier.json, schema planish.references/1). Throws
/// InputError naming file and field.
std::vector<ReferenceSeries> frontierReferences();

} // namespace planish
