// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "experiment/run.h"

#include <QObject>
#include <QStringList>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace planish {

/// The runs of the open results document, in memory, for all views. Of a record only what people write on it
/// changes; their order is the order in which they were recorded.
class RunCollection final : public QObject {
    Q_OBJECT
  public:
    using QObject::QObject;

    int count() const { return static_cast<int>(runs_->size()); }
    const std::vector<RunRecord>& runs() const { return *runs_; }
    /// The runs as they are now, for other threads; nothing is copied until they change.
    std::shared_ptr<const std::vector<RunRecord>> snapshot() const { return runs_; }
    const RunRecord& run(int row) const { return (*runs_)[static_cast<std::size_t>(row)]; }
    /// The row of a run, -1 when there is none.
    int rowOf(const std::string& id) const;
    /// Whether the run is Pareto-optimal among those it can be compared with.
    bool isOnFrontier(int row) const { return onFrontier_[static_cast<std::size_t>(row)]; }

    void setRuns(std::vector<RunRecord> runs);
    /// Adds a run at the end; one that is already there (by id) is left as it is.
    void add(RunRecord run);
    void remove(const std::set<std::string>& ids);
    /// Replaces what is written on runs, by id; ids that are not here are passed over.
    void setNotes(const std::map<std::string, RunNotes>& notes);
    /// All folders and all single tags that occur, sorted.
    QStringList folders() const;
    QStringList tags() const;

  signals:
    void aboutToReset();
    void resetDone();
    void aboutToAdd(int row);
    void added(int row);
    void aboutToRemove(int row);
    void removed(int row);
    void notesChanged(int row);
    /// Any of the above has happened and the frontier is up to date.
    void changed();

  private:
    void updateFrontier();
    /// To change them: not those of a snapshot.
    std::vector<RunRecord>& own();

    std::shared_ptr<std::vector<RunRecord>> runs_ = std::make_shared<std::vector<RunRecord>>();
    std::vector<bool> onFrontier_;
};

} // namespace planish
