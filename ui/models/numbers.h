// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QString>

namespace planish {

// How numbers are worded for people.

/// Four significant digits, plain as long as that stays readable; "–" when not measured.
QString formatNumber(double value);
/// "+1.23 ± 0.45": a difference never goes without its error; "± ?" when it could not be measured; "0 ± 0"
/// where nothing differs.
QString formatDelta(double delta, double standardError);

} // namespace planish
