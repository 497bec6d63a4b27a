// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "experiment/compare.h"
#include "models/run_collection.h"
#include "models/run_selection.h"

#include <QObject>
#include <vector>

namespace planish {

/// The selected runs side by side, as long as there are two to four of them. One is the reference that the
/// others are compared with; it comes first.
class Comparison final : public QObject {
    Q_OBJECT
  public:
    static constexpr std::size_t fewest = 2;
    static constexpr std::size_t most = 4;

    Comparison(RunCollection& runs, RunSelection& selection, QObject* parent = nullptr);

    bool isEmpty() const { return rows_.empty(); }
    int count() const { return static_cast<int>(rows_.size()); }
    /// Of the runs, the reference first: rows of the collection.
    const std::vector<int>& rows() const { return rows_; }
    const RunRecord& run(int position) const { return runs_.run(rows_[static_cast<std::size_t>(position)]); }
    /// Of nothing when isEmpty().
    const RunComparison& values() const { return values_; }

    /// Makes a run of the comparison its reference; remembered as long as it is selected.
    void setReference(const std::string& id);

  signals:
    void changed();

  private:
    void update();

    RunCollection& runs_;
    RunSelection& selection_;
    std::string reference_;
    std::vector<int> rows_;
    RunComparison values_;
};

/// A run's name as a column title: unique within the comparison, by the first setting that no other run of
/// that name shares, or the id.
QString comparedName(const Comparison& comparison, int position);

} // namespace planish
