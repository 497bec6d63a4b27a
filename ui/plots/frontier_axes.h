// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "experiment/frontier.h"
#include "experiment/run.h"

#include <QString>
#include <span>

namespace planish {

/// One quantity an axis of the frontier can show.
struct FrontierQuantity {
    const char* key;   ///< outside name, such as "bits_per_weight"; kept in settings
    const char* title; ///< "Bits per weight", translated by name()
    const char* unit;  ///< "%", "nats", "" for none
    double (*value)(const RunRecord& run);
    /// Standard error of the value; NaN where there is none.
    double (*standardError)(const RunRecord& run);
    bool largerIsBetter = false;

    QString name() const;
    /// "ΔPPL (%)", the label of the axis.
    QString label() const;
};

/// What can be on the horizontal axis: compression, bits per weight, bytes, whole-model compression.
std::span<const FrontierQuantity> sizeQuantities();
/// What can be on the vertical axis: ΔPPL, PPL, mean KL divergence, top-1 disagreement.
std::span<const FrontierQuantity> lossQuantities();
/// The quantity with this key, else the first.
const FrontierQuantity& quantity(std::span<const FrontierQuantity> quantities, const QString& key);

struct FrontierAxes {
    const FrontierQuantity* size = &sizeQuantities().front();
    const FrontierQuantity* loss = &lossQuantities().front();
    bool logarithmicSize = false;
    bool logarithmicLoss = false;

    bool operator==(const FrontierAxes&) const = default;

    /// The run in the plane where both coordinates are better when smaller.
    FrontierPoint point(const RunRecord& run) const;
    /// Whether a run can be drawn: finite, and positive on logarithmic axes.
    bool canShow(const RunRecord& run) const;
};

} // namespace planish
