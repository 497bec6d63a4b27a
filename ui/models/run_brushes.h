// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "experiment/run.h"

#include <QObject>
#include <QString>
#include <map>
#include <span>

namespace planish {

/// A number of a run that runs are filtered by.
struct RunQuantity {
    const char* key;
    const char* title;                     ///< translated by name()
    const char* unit;                      ///< "" for none
    double (*value)(const RunRecord& run); ///< NaN where it was not measured
    bool logarithmic = false;              ///< as far as all values are positive

    QString name() const;
    QString label() const; ///< "ΔPPL (%)"
};
/// Bits per weight, compression, packed size, mean bits of attention and of MLP, ΔPPL, KLD, time.
std::span<const RunQuantity> runQuantities();

/// Intervals that the user has drawn on quantities, shared by all views of runs: what lies outside one of
/// them is not shown.
class RunBrushes final : public QObject {
    Q_OBJECT
  public:
    struct Interval {
        double lower = 0;
        double upper = 0;
        bool operator==(const Interval&) const = default;
    };
    using QObject::QObject;

    /// By index into runQuantities().
    const std::map<std::size_t, Interval>& intervals() const { return intervals_; }
    bool isEmpty() const { return intervals_.empty(); }
    bool accepts(const RunRecord& run) const;

    void set(std::size_t quantity, Interval interval);
    void remove(std::size_t quantity);
    void clear();

  signals:
    void changed();

  private:
    std::map<std::size_t, Interval> intervals_;
};

/// "Bits per weight 3.1 to 4.2".
QString describe(std::size_t quantity, const RunBrushes::Interval& interval);

} // namespace planish
